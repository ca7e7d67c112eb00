"""A home is loaded, unloaded, reloaded and removed without a trace."""

from homeassistant.config_entries import ConfigEntryState

from tests.integration.running import a_simulated_entry


async def test_entry_loads_with_a_plan(hass, embedded_engine_allowed):
    entry = a_simulated_entry(engine={"kind": "embedded"})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    plan = await entry.runtime_data.coordinator.async_plan_now()
    print(plan.outcome, plan.cost)
