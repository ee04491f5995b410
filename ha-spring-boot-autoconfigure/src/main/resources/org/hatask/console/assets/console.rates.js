// How many calls a second there were, from the counts that were seen while this page is open.

const KEPT = 60_000;

export class Rates {
  #samples = [];
  #incarnation = null;

  /** Counts of another process begin anew. */
  add(report, at) {
    if (this.#incarnation !== report.node.incarnation) {
      this.#samples = [];
      this.#incarnation = report.node.incarnation;
    }
    this.#samples.push({ at, calls: new Map(report.tasks.map(task => [task.name, task.calls])) });
    while (this.#samples[0].at < at - KEPT) {
      this.#samples.shift();
    }
  }

  /** Over the last ten seconds; null as long as nothing can be said. */
  perSecond(task) {
    const last = this.#samples.at(-1);
    const first = this.#samples.find(sample => sample.at >= last.at - 10_500);
    return first === last ? null : this.#between(first, last, task);
  }

  curve(task) {
    return this.#samples.slice(1).map((sample, i) => this.#between(this.#samples[i], sample, task));
  }

  #between(a, b, task) {
    return Math.max(0, (b.calls.get(task) ?? 0) - (a.calls.get(task) ?? 0)) / ((b.at - a.at) / 1000);
  }
}
