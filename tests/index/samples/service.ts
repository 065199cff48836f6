import type { Request, Response } from "express";
import db = require("./db");
import Default, * as all from "./all";

export interface Repository<T extends Entity> extends Reader<T>, Writer {
  /** Finds one. */
  find(id: string): Promise<T | undefined>;
  readonly size: number;
}

/** Either of them. */
export type Result<T> = { ok: true; value: T } | Failure;

export const enum Level {
  Low,
  High = 2, // very
}

export abstract class Service<T> extends Base<T> implements Repository<T>, Disposable {
  private static instance?: Service<unknown>;
  protected items: Map<string, Item[]> = new Map();

  constructor(private readonly store: Store, name: string) {
    super(name);
  }

  @Get("/things/:id")
  public async find(@Param("id") id: string): Promise<T | undefined> {
    return this.store.get<Item>(id) as unknown as Wanted;
  }

  abstract size: number;
  abstract close(): void;
  handler = async (request: Request): Promise<Response> => respond(request);
  get name(): string {
    return "";
  }
}

export function over(a: string): string;
export function over(a: number): number;
export function over(a: any) {
  return a satisfies Wanted;
}

export namespace Tools {
  export const version = "1";
  export function sharpen(tool: Tool): tool is Sharp {
    return true;
  }
}

declare module "other" {
  export function outside(x: Array<Wanted>): void;
}

declare const GLOBAL: Config;
declare function declared(a: Wanted): void;

export default class extends Service<Item> {}
