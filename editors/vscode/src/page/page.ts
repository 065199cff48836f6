// The page of the chat view: shows messages, and tells the extension what the user does.
import type { Citation, FromPage, Message, Shown, Texts, ToPage } from "../messages";
import { html } from "./markdown";

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void; getState(): string | undefined; setState(draft: string): void };

const vscode = acquireVsCodeApi();
const texts = JSON.parse(document.body.dataset["texts"]!) as Texts;
const [log, form, doing, place, withPlace, about, question, model, temperature, sending, stopping] = [
  get<HTMLElement>("log"),
  get<HTMLFormElement>("form"),
  get<HTMLElement>("doing"),
  get<HTMLElement>("place"),
  get<HTMLInputElement>("withPlace"),
  get<HTMLElement>("about"),
  get<HTMLTextAreaElement>("message"),
  get<HTMLSelectElement>("model"),
  get<HTMLInputElement>("temperature"),
  get<HTMLButtonElement>("send"),
  get<HTMLButtonElement>("stop"),
];
let shown: Shown = { messages: [], doing: "", about: "", models: [], hasModel: false };
let isDrawing = false;

function get<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

function make<Name extends keyof HTMLElementTagNameMap>(name: Name, className: string, text = ""): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(text: string, label: string, act: () => void): HTMLButtonElement {
  const made = make("button", "", text);
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

function article(message: Message): HTMLElement {
  const made = make("article", message.role);
  made.append(make("h2", "", message.role === "user" ? texts.you : message.role === "problem" ? texts.problem : texts.recoder));
  const body = make("div", "body");
  fill(body, message);
  made.append(body);
  if (message.citations.length) made.append(sources(message.citations));
  if (message.model) made.append(make("p", "small", texts.guess.replace("{0}", message.model)));
  return made;
}

function fill(body: HTMLElement, message: Message): void {
  if (message.role !== "assistant") {
    body.textContent = message.markdown;
    return;
  }
  body.innerHTML = html(message.markdown);
  for (const code of body.querySelectorAll("pre > code")) {
    const text = code.textContent ?? "";
    const bar = make("div", "bar");
    for (const kind of ["copy", "insert", "apply"] as const) {
      bar.append(button(texts[kind], `${texts[kind]}: ${text.trim().split("\n")[0]}`, () => vscode.postMessage({ kind, code: text })));
    }
    const pre = code.parentElement!;
    pre.tabIndex = 0;
    pre.after(bar);
  }
}

function sources(citations: Citation[]): HTMLElement {
  const made = make("nav", "sources");
  made.setAttribute("aria-label", texts.sources);
  const list = make("ol", "");
  for (const { uri, range, why, label } of citations) {
    const item = make("li", "");
    item.append(button(label, `${label} ${why}`, () => vscode.postMessage({ kind: "cite", uri, line: range.start.line, endLine: range.end.line })));
    item.append(make("span", "small", why));
    list.append(item);
  }
  made.append(list);
  return made;
}

function draw(): void {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.replaceChildren(...shown.messages.map(article));
  if (shown.messages.length === 0) log.append(make("p", "empty", texts.empty));
  if (!shown.hasModel) {
    const hint = make("p", "small hint", texts.noModel + " ");
    hint.append(button(texts.chooseModel, texts.chooseModel, () => vscode.postMessage({ kind: "chooseModel" })));
    log.append(hint);
  }
  if (isAtEnd || shown.doing) log.scrollTop = log.scrollHeight;
  const chosen = model.value;
  model.replaceChildren(new Option(texts.asSet, ""), ...shown.models.map((each) => new Option(each.name, each.path)));
  model.value = shown.models.some((each) => each.path === chosen) ? chosen : "";
  drawDoing();
  drawAbout();
}

function drawDoing(): void {
  // Screen readers are told the answer as a whole, not each piece of it.
  log.setAttribute("aria-busy", String(shown.doing !== ""));
  doing.textContent = shown.doing ? `${shown.doing} …` : "";
  stopping.hidden = !shown.doing;
  sending.hidden = !!shown.doing;
}

function drawAbout(): void {
  place.hidden = !shown.about;
  about.textContent = `${texts.about} ${shown.about}`;
}

/** Pieces come faster than they can be drawn: once a frame is enough. */
function drawLast(): void {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    const last = shown.messages.findLast((each) => each.role === "assistant");
    const body = [...log.querySelectorAll<HTMLElement>("article.assistant > .body")].at(-1);
    if (last && body) fill(body, last);
    log.scrollTop = log.scrollHeight;
  });
}

function ask(): void {
  const message = question.value.trim();
  if (!message || shown.doing) return;
  const chosen = temperature.valueAsNumber;
  vscode.postMessage({ kind: "ask", message, withPlace: withPlace.checked, model: model.value, temperature: Number.isNaN(chosen) ? null : chosen });
  question.value = "";
  vscode.setState("");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
question.addEventListener("input", () => vscode.setState(question.value));
question.addEventListener("keydown", (event) => {
  // Not while an input method is composing a word: there Enter takes the word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    ask();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && shown.doing) vscode.postMessage({ kind: "stop" });
});
stopping.addEventListener("click", () => vscode.postMessage({ kind: "stop" }));
log.addEventListener("click", (event) => {
  const link = (event.target as Element).closest("a");
  if (link === null) return;
  event.preventDefault();
  event.stopPropagation();
  vscode.postMessage({ kind: "open", href: link.getAttribute("href") ?? "" });
});
window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
  if (data.kind === "show") {
    shown = data.shown;
    draw();
  } else if (data.kind === "delta") {
    const last = shown.messages.findLast((each) => each.role === "assistant");
    if (last) last.markdown += data.text;
    drawLast();
  } else if (data.kind === "doing") {
    shown.doing = data.doing;
    drawDoing();
  } else if (data.kind === "about") {
    shown.about = data.about;
    drawAbout();
  } else question.focus();
});

question.value ||= vscode.getState() ?? "";
draw();
vscode.postMessage({ kind: "ready" });
