/** Axis ranges with round ticks. */

export interface Scale {
  min: number;
  max: number;
  step: number;
}

/** The smallest round scale of about `intervals` intervals that holds `low` to `high`, and zero if asked. */
export function niceScale(low: number, high: number, intervals: number, withZero = true): Scale {
  let min = withZero ? Math.min(low, 0) : low;
  let max = withZero ? Math.max(high, 0) : high;
  if (!Number.isFinite(min) || !Number.isFinite(max)) return { min: 0, max: 1, step: 1 };
  if (max - min < 1e-9) {
    const room = Math.max(Math.abs(max) * 0.1, 0.01);
    min = withZero && min === 0 ? 0 : min - room;
    max += room;
  }
  const rough = (max - min) / intervals;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough - 1e-12) ?? 10);
  const clean = (value: number): number => Number(value.toPrecision(12));
  return { min: clean(Math.floor(min / step + 1e-9) * step), max: clean(Math.ceil(max / step - 1e-9) * step), step: clean(step) };
}

export function ticksOf(scale: Scale): number[] {
  const count = Math.round((scale.max - scale.min) / scale.step);
  return Array.from({ length: count + 1 }, (_, index) => Number((scale.min + index * scale.step).toPrecision(12)));
}
