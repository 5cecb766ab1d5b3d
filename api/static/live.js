/** The stream of changes: connects, notices when it is cut, and connects again, ever more patiently. */
import { address } from "./api.js";

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
const SILENT_MS = 40_000; // the service says something every 15 s

export class Live {
  /** `heard(event, data)` for each event, `state(name)`: live or reconnecting. */
  constructor(heard, state) {
    this.heard = heard;
    this.state = state;
    this.failures = 0;
    addEventListener("online", () => this.#connect());
    addEventListener("offline", () => this.#lost());
    document.addEventListener("visibilitychange", () => document.hidden || this.source || !this.params || this.#connect());
  }

  /** Listen to these questions in place of those before. */
  open(params) {
    this.params = params;
    this.#connect();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }

  #connect() {
    this.close();
    if (!this.params) return;
    this.source = new EventSource(address("/v1/live", this.params));
    this.source.onerror = () => this.#lost();
    for (const event of ["kpi", "goal", "alert", "tick", "ping"]) {
      this.source.addEventListener(event, (message) => this.#told(event, JSON.parse(message.data)));
    }
    this.#wait();
  }

  #told(event, data) {
    this.failures = 0;
    this.#wait();
    this.state("live");
    this.heard(event, data);
  }

  #wait() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.#lost(), SILENT_MS);
  }

  #lost() {
    this.close();
    this.state("reconnecting");
    const patience = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.failures++);
    this.timer = setTimeout(() => this.#connect(), patience * (0.75 + Math.random() / 2));
  }
}
