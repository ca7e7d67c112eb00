"""What the imitation of InfluxDB has answered outlives its process, as InfluxDB's own does."""

from stack_support.influx import FakeInflux
from stack_support.influx.journal import Journal

from tests.stack.influx_home import Clock, Home


def a_server(directory, clock, **options):
    return FakeInflux(directory=directory / "influx", clock=clock, **options)


def killed(server):
    """Nothing more is written: what an orderly end would keep is not kept."""
    server._journal.close()
    server._journal = None
    server.__exit__()


def test_a_kill_loses_no_write_that_was_answered_and_no_setting(tmp_path):
    clock = Clock()
    with FakeInflux(clock=clock) as fleet:
        influx = a_server(tmp_path, clock).__enter__()
        home = Home(tmp_path, clock, influx, fleet)
        home.provisioner.step()
        home.measures(7)
        before = influx.points("hems").checksum()
        assert influx.points("hems").count() == 7
        killed(influx)
        with a_server(tmp_path, clock, port=influx._port) as again:
            assert again.points("hems").checksum() == before
            home.restarts()
            assert {path for method, path in again.calls if method != "GET"} <= {"/api/v2/query", "/api/v2/write"}
            home.measures(2)
            home.provisioner.close()


def test_what_waited_for_the_fleet_at_the_kill_reaches_it(tmp_path):
    clock = Clock()
    with FakeInflux(clock=clock) as fleet:
        influx = a_server(tmp_path, clock).__enter__()
        home = Home(tmp_path, clock, influx, fleet)
        home.provisioner.step()
        home.joins()
        fleet.go_offline()
        home.measures(5)
        killed(influx)
        fleet.go_online()
        with a_server(tmp_path, clock, port=influx._port) as again:
            home.influx = again
            clock.wait(3600)
            assert home.catches_up()
            assert home.in_step()
            assert fleet.points("homes").count() == 5
            home.provisioner.close()


def test_a_write_that_was_cut_off_by_the_kill_is_as_if_it_had_not_been(tmp_path):
    journal = Journal(tmp_path)
    for time_ns in (1, 2):
        journal.wrote({"bucket": "hems"}, f"telemetry power_kw={time_ns}.0 {time_ns}", time_ns)
    journal.close()
    whole = (tmp_path / "written").read_bytes()
    (tmp_path / "written").write_bytes(whole[:-5])
    again = Journal(tmp_path)
    assert [now_ns for _, _, now_ns in again.written()] == [1]
    again.close()
