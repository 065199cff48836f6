// The connection to the server: starts it, sends it the settings that the user has made, and runs its commands.
import * as vscode from "vscode";
import {
  type ExecuteCommandParams,
  ExecuteCommandRequest,
  LanguageClient,
  type Middleware,
  ProgressType,
  State,
  type StaticFeature,
  TransportKind,
} from "vscode-languageclient/node";
import { findServer } from "./finding";

const SECTION = "recoder";
const OWN = "recoder.server.";
const ANY = new ProgressType<never>();

/** What the server is to tell of by notifications of its own. */
const EXPERIMENTAL: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), recoder: { statusChanged: true, hoverReady: true } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

/** What the server answers to `recoder/status`, as far as it is shown. */
export interface Status {
  version: string;
  completion: { state: "active" | "snoozed" | "saving" | string; snoozed_s?: number };
  index: { state: string; files: number; chunks: number; done: number; total: number; reason?: string };
  engine: { model: string; state: string; error?: string };
  chat: { model: string | null; state: string; error?: string };
  memory_bytes: number;
}

/** What `recoder/hoverReady` says was described. */
export interface Described {
  textDocument: { uri: string };
  position: { line: number; character: number };
}

export type Phase = "missing" | "starting" | "running" | "stopped";

/** What a command sends while it is at work. */
export interface Listeners {
  partial?: (value: never) => void;
  work?: (value: never) => void;
}

export class Server implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel("Recoder", { log: true });
  private readonly changed = new vscode.EventEmitter<Phase>();
  readonly onDidChange = this.changed.event;
  private readonly looked = new vscode.EventEmitter<Status>();
  readonly onDidLook = this.looked.event;
  private readonly described = new vscode.EventEmitter<Described>();
  readonly onDidDescribe = this.described.event;
  phase: Phase = "stopped";
  private client: LanguageClient | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly middleware: Middleware,
  ) {}

  /** Start it where it is found; whether it was. */
  async start(): Promise<boolean> {
    const command = await findServer(this.context);
    if (command === undefined) {
      this.become("missing");
      return false;
    }
    this.become("starting");
    const run = { command, transport: TransportKind.stdio };
    this.client = new LanguageClient("recoder", "Recoder", run, {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: this.output,
      middleware: {
        ...this.middleware,
        workspace: {
          ...this.middleware.workspace,
          configuration: (params) => params.items.map((item) => (item.section === SECTION ? this.chosen(item.scopeUri) : null)),
        },
      },
    });
    this.client.registerFeature(EXPERIMENTAL);
    this.client.onNotification("recoder/statusChanged", () => void this.status().catch(() => undefined));
    this.client.onNotification("recoder/hoverReady", (described: Described) => this.described.fire(described));
    this.client.onDidChangeState(({ newState }) =>
      this.become(newState === State.Running ? "running" : newState === State.Starting ? "starting" : "stopped"),
    );
    try {
      await this.client.start();
    } catch (error) {
      this.output.error(`${command} could not be started: ${String(error)}`);
      this.become("stopped");
    }
    return true;
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose().catch(() => undefined);
  }

  async restart(): Promise<boolean> {
    await this.stop();
    return this.start();
  }

  /** How the server is; whoever listens is told as well. */
  async status(): Promise<Status | undefined> {
    const status = this.phase === "running" ? await this.client?.sendRequest<Status>("recoder/status") : undefined;
    if (status) this.looked.fire(status);
    return status;
  }

  /** Run one of the server's commands. Throws what it says where that cannot be done. */
  async run<Answer>(command: string, options: object, token?: vscode.CancellationToken, listeners: Listeners = {}): Promise<Answer> {
    const client = this.client;
    if (client === undefined || this.phase !== "running") throw new Error(vscode.l10n.t("The server is not running."));
    const tokens = { partial: crypto.randomUUID(), work: crypto.randomUUID() };
    const heard = [
      ...(listeners.partial ? [client.onProgress(ANY, tokens.partial, listeners.partial)] : []),
      ...(listeners.work ? [client.onProgress(ANY, tokens.work, listeners.work)] : []),
    ];
    const params: ExecuteCommandParams = {
      command,
      arguments: [listeners.partial ? { ...options, partialResultToken: tokens.partial } : options],
      ...(listeners.work ? { workDoneToken: tokens.work } : {}),
    };
    try {
      return (await client.sendRequest(ExecuteCommandRequest.type, params, token)) as Answer;
    } finally {
      heard.forEach((each) => each.dispose());
    }
  }

  /** The document and what is selected in it, as the server's commands want it; nothing where no such document is open. */
  placeOf(editor: vscode.TextEditor | undefined): object {
    if (editor === undefined || this.client === undefined || !["file", "untitled"].includes(editor.document.uri.scheme)) return {};
    const code2protocol = this.client.code2ProtocolConverter;
    return {
      textDocument: { uri: code2protocol.asUri(editor.document.uri) },
      range: code2protocol.asRange(editor.selection),
    };
  }

  get converter(): LanguageClient["protocol2CodeConverter"] | undefined {
    return this.client?.protocol2CodeConverter;
  }

  dispose(): void {
    void this.stop();
    this.output.dispose();
    this.changed.dispose();
    this.looked.dispose();
    this.described.dispose();
  }

  private become(phase: Phase): void {
    this.phase = phase;
    void vscode.commands.executeCommand("setContext", "recoder.running", phase === "running");
    this.changed.fire(phase);
  }

  /** Only what somebody has set: VS Code's defaults would win over ~/.recoder/config.toml. */
  private chosen(scope: string | undefined): Record<string, unknown> {
    const resource = scope ? vscode.Uri.parse(scope) : undefined;
    const configuration = vscode.workspace.getConfiguration(undefined, resource);
    const declared = this.context.extension.packageJSON.contributes.configuration.properties as object;
    const chosen: Record<string, unknown> = {};
    for (const key of Object.keys(declared).filter((each) => !each.startsWith(OWN))) {
      const found = configuration.inspect(key);
      const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
      if (value !== undefined) chosen[key.slice(SECTION.length + 1)] = value;
    }
    return chosen;
  }
}
