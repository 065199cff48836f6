// What the chat view and its page tell each other. Both sides import this.

export interface Citation {
  uri: string;
  range: { start: { line: number; character: number }; end: { line: number; character: number } };
  why: string;
  /** How a person calls the place: path and line. */
  label: string;
}

export interface Message {
  role: "user" | "assistant" | "problem";
  markdown: string;
  citations: Citation[];
  model: string;
}

export interface ModelChoice {
  name: string;
  path: string;
}

export interface Shown {
  messages: Message[];
  /** Empty while nothing is being answered. */
  doing: string;
  /** What the next question is about, or "". */
  about: string;
  models: ModelChoice[];
  hasModel: boolean;
}

export type ToPage = { kind: "show"; shown: Shown } | { kind: "delta"; text: string } | { kind: "about"; about: string } | { kind: "doing"; doing: string } | { kind: "focus" };

export type FromPage =
  | { kind: "ready" }
  | { kind: "ask"; message: string; withPlace: boolean; model: string; temperature: number | null }
  | { kind: "stop" }
  | { kind: "open"; href: string }
  | { kind: "cite"; uri: string; line: number; endLine: number }
  | { kind: "copy" | "insert" | "apply"; code: string }
  | { kind: "chooseModel" };

/** Every text of the page, in the user's language. */
export type Texts = Record<
  "you" | "recoder" | "copy" | "insert" | "apply" | "sources" | "noModel" | "chooseModel" | "empty" | "about" | "asSet" | "problem" | "guess",
  string
>;
