import { isLynceusError } from "../protocols/errors.ts";
import type { Outcome } from "../protocols/mqtt/outcome.ts";
import type { Received } from "../protocols/mqtt/received.ts";
import type { Cause } from "../protocols/vocabulary.ts";
import { Alerts } from "./alerts.ts";
import type { Checkpoints } from "./audit/checkpoints.ts";
import { checkpointsOf } from "./audit/of-config.ts";
import { type Certificates, certificatesOf } from "./certificate-parts.ts";
import { siteClockOf } from "./clock/of-config.ts";
import type { SiteClock } from "./clock/site-clock.ts";
import type { CommandIntake } from "./commands/command-intake.ts";
import { commandsOf } from "./commands/of-config.ts";
import type { Config } from "./config/schema.ts";
import { requestsOf, retentionOf } from "./declarations/of-config.ts";
import type { DeclarationRequests } from "./declarations/requests.ts";
import type { Reports } from "./dicom-out/of-config.ts";
import { sayDecidingOnSynthetic, sayOrphans } from "./gateway-notices.ts";
import { credentialsOf, pausedLanesOf, scoringOf } from "./gateway-parts.ts";
import { HealthReporter } from "./health-reporter.ts";
import type { Vitals } from "./host/liveness.ts";
import { inboundGateOf } from "./inbound/of-config.ts";
import { DeclarationRisk } from "./inference/declaration-risk.ts";
import type { DeclarationScoring, Inference } from "./inference/port.ts";
import { InfoPublisher } from "./info-publisher.ts";
import { Intake } from "./intake.ts";
import { type SpoolSecrets, spoolSecretsOf } from "./keys/of-config.ts";
import type { Lane } from "./lane/lane.ts";
import type { PausedLanes } from "./lane/paused-lanes.ts";
import { Scorer } from "./lane/scorer.ts";
import { Surroundings } from "./lane/surroundings.ts";
import { laneOf } from "./lane-parts.ts";
import type { Log } from "./log.ts";
import { modelCommandsOf } from "./models/commands.ts";
import type { ModelManager } from "./models/manager.ts";
import { Monitoring } from "./monitoring.ts";
import { profilesOf } from "./profiles/of-config.ts";
import type { Profiles } from "./profiles/profiles.ts";
import { Rescoring } from "./rescoring.ts";
import type { Work } from "./self-description.ts";
import type { Spool } from "./spool/port.ts";
import { createSpool } from "./spool/spool.ts";
import { statisticsOf } from "./statistics/of-config.ts";
import type { StatisticsPublisher } from "./statistics/statistics.ts";
import { Uplink } from "./uplink/uplink.ts";
import { versions } from "./versions.ts";

/** A stopping gateway has 10 s to drain: its successor waits a little longer for the spool, ms. */
const LOCK_WAIT_MS = 12_000;
const LOCK_RETRY_MS = 500;

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly config: Config;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Started by the gateway, or before it: models may load while the rest of the program does. */
  readonly inference: Inference & DeclarationScoring;
  /** Whose inference that is; absent: what runs is what was loaded. */
  readonly models?: ModelManager;
}

/** What runs once the spool is open. */
interface Parts {
  readonly spool: Spool;
  readonly alerts: Alerts;
  readonly inference: Inference;
  readonly lanes: readonly Lane[];
  readonly intake: Intake;
  readonly rescoring: Rescoring;
  readonly profiles: Profiles;
  readonly checkpoints: Checkpoints;
  readonly requests: DeclarationRequests;
  readonly statistics: StatisticsPublisher;
  readonly uplink: Uplink;
  readonly commands: CommandIntake;
  readonly paused: PausedLanes;
  readonly health: HealthReporter;
  readonly info: InfoPublisher;
  readonly certificates: Certificates;
  readonly monitoring: Monitoring;
  /** Null where none are configured. */
  readonly reports: Reports | null;
}

/**
 * The gateway: the composition root, which alone knows every implementation. A broker, scanner, reader, scale or model that is
 * absent is a state; only a spool that cannot be trusted ends it.
 */
export class Gateway {
  /** Resolves when the gateway must end by itself: the disk under the spool failed. */
  readonly failed: Promise<"failed">;
  readonly #options: GatewayOptions;
  readonly #fail: () => void;
  readonly #clock: SiteClock;
  readonly #work: Work = {
    captured: 0,
    captureFailed: 0,
    analysed: 0,
    analysisFailed: 0,
    scored: 0,
    scoreFailed: 0,
  };
  #parts: Parts | null = null;
  #signer: Awaited<ReturnType<Spool["signer"]>> = null;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#clock = siteClockOf(options.config, () => this.#parts?.alerts, options.log);
    const { promise, resolve } = Promise.withResolvers<"failed">();
    this.failed = promise;
    this.#fail = () => resolve("failed");
  }

  /** Opens the spool, resumes what a stop or crash left, starts lanes, models and uplink. Throws when the spool cannot be used. */
  async start(): Promise<void> {
    const { config, log, env } = this.#options;
    const secrets = await spoolSecretsOf(config, env);
    const { inference } = this.#options;
    const loading = inference.start(); // models load while the spool opens
    await this.#clock.start();
    const spool = await this.#openSpool(secrets);
    this.#signer = await spool.signer();
    const parts = await this.#assemble(spool, inference);
    this.#parts = parts;
    const unfinished = await spool.unfinished();
    sayOrphans(config, unfinished, log);
    await parts.reports?.start();
    await parts.profiles.start();
    await parts.checkpoints.start();
    await parts.paused.start();
    await parts.commands.start();
    await parts.monitoring.start();
    await parts.uplink.start();
    await parts.certificates.start();
    await Promise.all(
      parts.lanes.map((lane) => lane.start(unfinished.filter(({ scan }) => scan.lane === lane.id))),
    );
    await parts.intake.resume();
    parts.requests.start();
    parts.statistics.start();
    await sayDecidingOnSynthetic(config, parts.alerts);
    parts.info.start();
    parts.health.start();
    void loading.then(() =>
      log.info({ unfinished: unfinished.length, models: inference.state.models.length }, "ready"),
    );
  }

  /** What a watchdog looks at; null before the start. */
  get vitals(): Vitals | null {
    const spool = this.#parts?.spool;
    if (spool === undefined) return null;
    const waiting = async () => (await spool.figures()).scans.received;
    return { heartbeat: () => spool.heartbeat(), waiting, work: this.#work };
  }

  /** Drains: no new scans, what is under way finishes or stays for the next start, states are published. */
  async stop(): Promise<void> {
    const parts = this.#parts;
    if (parts === null) return;
    parts.health.stop();
    await parts.monitoring.stop();
    parts.uplink.stopping();
    await Promise.all(parts.lanes.map((lane) => lane.stop()));
    await parts.rescoring.stop();
    await parts.commands.stop();
    await parts.reports?.stop();
    await parts.alerts.stop();
    await parts.requests.stop();
    await parts.statistics.stop();
    await parts.checkpoints.stop();
    await parts.certificates.stop();
    await parts.uplink.stop();
    await parts.inference.stop();
    await parts.spool.stop();
    await this.#clock.stop();
  }

  /** Opens the spool; one that a gateway still draining has open is waited for, as after a quick restart. */
  async #openSpool(secrets: SpoolSecrets): Promise<Spool> {
    const { log } = this.#options;
    for (const end = performance.now() + LOCK_WAIT_MS; ; ) {
      const spool = this.#createSpool(secrets);
      try {
        await spool.start();
        return spool;
      } catch (error) {
        if (!isLynceusError(error, "LYN_SPOOL_LOCKED") || performance.now() > end) throw error;
        log.info({}, "another process has the spool open; waiting for it to end");
        await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS));
      }
    }
  }

  #createSpool(secrets: SpoolSecrets): Spool {
    const { config, log } = this.#options;
    return createSpool({
      path: config.spool.path,
      minFreeBytes: config.spool.minFreeBytes,
      maxBytes: config.spool.maxBytes,
      keepPublishedMs: config.spool.keepPublished,
      keepImagesMs: config.spool.keepImages,
      retention: retentionOf(config),
      site: config.gateway.site,
      gateway: config.gateway.id,
      clock: this.#clock.now,
      life: this.#clock.life,
      proven: this.#clock.proven,
      ...secrets,
      log,
      onFatal: (error) => {
        log.error(
          { err: error },
          "the spool failed; the gateway ends so that a restart reads what is really on the disk",
        );
        this.#fail();
      },
    });
  }

  async #assemble(spool: Spool, inference: Inference): Promise<Parts> {
    const { config, log } = this.#options;
    const monitoring = new Monitoring({
      ...this.#options,
      spool,
      uplink: () => uplink,
      health: () => health.now(),
    });
    const alerts = new Alerts({ spool, log });
    const { models } = this.#options;
    models?.announce((alert) => void alerts.raise(alert));
    const reports = await this.#createReports(spool, alerts);
    const time = { clock: this.#clock.now };
    const requests = requestsOf({ ...time, config, spool, uplink: () => uplink, log });
    const profiles = profilesOf(config, { env: this.#options.env, alerts, clock: this.#clock.now, log });
    const scoring = new Map(config.lanes.map((lane) => [lane.id, scoringOf(lane, profiles)]));
    const statistics = statisticsOf({
      ...time,
      config,
      spool,
      scoring,
      uplink: () => uplink,
      alerts,
      candidates: () => models?.figures() ?? [],
      log,
    });
    const keep = spool.keepDeclarationRisk.bind(spool);
    const risk = new DeclarationRisk({ inference: this.#options.inference, keep, log });
    const scorer = new Scorer({
      spool,
      site: config.gateway.site,
      gateway: config.gateway.id,
      lanes: scoring,
      clock: this.#clock.now,
      log,
      clockState: this.#clock.state,
      surroundings: new Surroundings({ spool, risk, clock: this.#clock.now, log }),
      remember: (scanId, embedding) => inference.remember(scanId, embedding),
      undeclared: (scan) => requests.missing(scan),
      scored: (data) => {
        statistics.scored(data);
        monitoring.metrics.scored(data);
      },
      ...(reports === null ? {} : { report: (hit, scan) => reports.output.digest(hit, scan) }),
    });
    const lanes: Lane[] = [];
    const rescore = async (scanId: string, cause: Cause = "rescore") => {
      const scored = await scorer.rescore(scanId, cause);
      if (scored !== null) void lanes.find((lane) => lane.id === scored.scan.lane)?.tell(scored);
      return scored;
    };
    const rescoring = new Rescoring({ rescore, again: () => intake.resume(), alerts, log });
    const onOutcome = (outcome: Received<Outcome>) => {
      statistics.outcome(outcome.result);
      void reports?.output
        .outcome(outcome)
        .catch((error: unknown) => log.error({ err: error }, "no report on an outcome could be written"));
    };
    const intake = new Intake({
      spool,
      alerts,
      rescore: (scanId, cause) => rescoring.tell(scanId, cause),
      onDeclared: (stored, scrubbed) => {
        risk.ahead(stored.declaration);
        monitoring.metrics.declared();
        void statistics.declared(stored, scrubbed);
      },
      onOutcome,
      onUnknownOutcome: () => statistics.outcome("unknownScan"),
      clock: this.#clock.now,
      log,
    });
    const health = new HealthReporter({
      ...this.#options,
      spool,
      inference: () => inference.state,
      destinations: async () => (await reports?.output.states()) ?? null,
      work: this.#work,
      publish: (data) => uplink.publishState("health", {}, data),
      clock: this.#clock.now,
      clockState: this.#clock.state,
    });
    const checkpoints = checkpointsOf({ ...this.#options, ...time, spool, uplink: () => uplink, alerts });
    const certificates = certificatesOf({ ...this.#options, ...time, alerts, uplink: () => uplink });
    const paused = pausedLanesOf(config, this.#clock.now, log);
    const parts = { spool, alerts, inference, paused, monitoring };
    const commands = commandsOf({
      ...this.#options,
      spool,
      uplink: () => uplink,
      health: () => health.now(),
      rescore,
      paused,
      handlers: models === undefined ? {} : modelCommandsOf(models, spool),
      alerts,
      clock: this.#clock.now,
    });
    const uplink = this.#createUplink(spool, { alerts, intake, profiles, requests, commands });
    for (const lane of config.lanes)
      lanes.push(
        await laneOf(lane, { ...this.#options, ...time, ...parts, uplink, scorer, work: this.#work }),
      );
    const info = new InfoPublisher({
      config,
      signingKeys: this.#signer === null ? [] : [this.#signer],
      inference,
      board: monitoring.board,
      publish: (data) => uplink.publishState("info", {}, data),
    });
    return {
      ...parts,
      lanes,
      intake,
      rescoring,
      profiles,
      checkpoints,
      requests,
      statistics,
      uplink,
      commands,
      health,
      info,
      certificates,
      reports,
    };
  }

  async #createReports(spool: Spool, alerts: Alerts): Promise<Reports | null> {
    const { config, env, log } = this.#options;
    if (config.reports === undefined) return null;
    const { reportsOf } = await import("./dicom-out/of-config.ts");
    const { site, id: gateway } = config.gateway;
    return reportsOf(config.reports, {
      spoolPath: config.spool.path,
      site,
      gateway,
      env,
      spool,
      alerts,
      clock: this.#clock.now,
      log,
    });
  }

  #createUplink(
    spool: Spool,
    parts: Pick<Parts, "alerts" | "intake" | "profiles" | "requests" | "commands">,
  ): Uplink {
    const { alerts, intake, profiles, requests, commands } = parts;
    const { config, log, env } = this.#options;
    const { broker } = config;
    return new Uplink({
      broker: { ...broker, credentials: (role) => credentialsOf(broker, role, env) },
      site: config.gateway.site,
      gateway: config.gateway.id,
      bootId: spool.bootId,
      versions: versions(),
      outbox: spool,
      handlers: {
        declaration: (bytes) => intake.declaration(bytes),
        outcome: (bytes) => intake.outcome(bytes),
        profile: (bytes) => profiles.receive(bytes),
        witness: async (bytes) => this.#parts?.checkpoints.witness(bytes),
      },
      receiptsRequired: config.trust.require.includes("receipt"),
      gate: inboundGateOf(config, { env, alerts, clock: this.#clock.now }),
      onCommand: (name, payload, properties) => commands.receive({ name, payload, ...properties }),
      alert: (alert) => void alerts.raise(alert),
      onSessionLost: () => void requests.sessionLost(),
      onTime: this.#clock.heard,
      lanes: config.lanes.map((lane) => lane.id),
      clock: this.#clock.now,
      random: Math.random,
      log,
    });
  }
}
