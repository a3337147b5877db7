import type { Info } from "../protocols/mqtt/info.ts";
import type { Config } from "./config/schema.ts";
import type { Inference } from "./inference/port.ts";
import type { LaneBoard } from "./lane/lane-board.ts";
import { infoOf } from "./self-description.ts";

export interface InfoPublisherOptions {
  readonly config: Config;
  readonly signingKeys: Info["signingKeys"];
  readonly inference: Pick<Inference, "state" | "onState">;
  readonly board: Pick<LaneBoard, "lanes" | "onChange">;
  readonly publish: (info: Info) => void;
}

/** Publishes what the gateway consists of (`mqtt.md`, info): from the start on, and whenever its models or machines change. */
export class InfoPublisher {
  readonly #options: InfoPublisherOptions;
  #said = "";

  constructor(options: InfoPublisherOptions) {
    this.#options = options;
  }

  start(): void {
    const { inference, board } = this.#options;
    inference.onState(() => this.#say());
    board.onChange(() => this.#say());
    this.#say();
  }

  #say(): void {
    const { config, signingKeys, inference, board, publish } = this.#options;
    const info = infoOf(config, inference.state.models, signingKeys, board.lanes);
    const text = JSON.stringify(info);
    if (text !== this.#said) publish(info);
    this.#said = text;
  }
}
