import fs, { readFile as read, writeFile } from "node:fs";
import * as path from "path";
import "./styles.css";
export { price as cost, tax } from "./prices.js";
export * from "./money.js";
const { join, resolve: absolute } = require("path");
const util = require("./util");
const parse = require("url").parse;

/** How many items a cart holds. */
export const MOST_ITEMS = 20;
let open = true, closed = false;
var legacy;

/**
 * Adds things up.
 *
 * @param {number[]} prices what they cost
 * @returns {number}
 */
export default function total(prices, { tax = 0 } = {}) {
  const local = prices.map((price) => price + tax);
  function inner() {
    return round(local);
  }
  return inner();
}

// Half of it.
const half = (value) => value / 2;

export const double = async function (value) {
  return value * 2;
};

@sealed
export class Cart extends shop.Base {
  static count = 0;
  #items = [];
  handle = (event) => {
    this.add(event.item);
  };

  constructor(items) {
    super();
    this.#items = items;
  }

  /** How much is in it. */
  get size() {
    return this.#items.length;
  }

  static async *load(file) {
    yield new Cart(JSON.parse(await readFile(file)));
  }

  #hidden() {}
}

const api = {
  fetch() {
    return double(1);
  },
  save: async (item) => store(item),
  limit: 3,
};

const memo = useCallback(() => half(3), []);

Cart.prototype.clear = function () {};
module.exports.helper = function helper(a) {};
exports.other = (b) => b;
exports.LIMIT = 3;
module.exports = Cart;

describe("cart", () => {
  const cart = new Cart();
  it("works", function () {});
});

const page = () => <Layout.Main title="x"><Button onClick={half} /></Layout.Main>;
