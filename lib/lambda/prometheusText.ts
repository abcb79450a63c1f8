import { Counter, Gauge, Registry } from 'prom-client'
import { METRICS, type Sample } from '../status/metrics.ts'

/** Samples as Prometheus reads them. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export async function prometheusText(samples: readonly Sample[]): Promise<string> {
  const registry = new Registry()
  for (const [name, of] of Map.groupBy(samples, sample => sample.name)) {
    const labelNames = Object.keys(of[0]!.labels ?? {})
    const options = { name, help: METRICS[name], labelNames, registers: [registry] }
    if (name.endsWith('_total')) {
      const counter = new Counter(options)
      for (const { labels = {}, value } of of) counter.inc(labels, value)
    } else {
      const gauge = new Gauge(options)
      for (const { labels = {}, value } of of) gauge.set(labels, value)
    }
  }
  return registry.metrics()
}
