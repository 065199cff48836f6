"""Programs in which order, sharing and repetition matter, and which print what they do."""

PYTHON = {
    "order": """
log = []

def note(value):
    log.append(value)
    return value

class Box:
    def __init__(self, n):
        self.n = n

    def bump(self, by=1):
        self.n += by
        return self.n

    def both(self, other):
        first = self.n + other.bump()
        second = self.bump(first) * 2
        self.n = second - 1
        total = first + second + self.n
        return [self.n, self.bump(), total, other.n]

def combine(a, b):
    x = note(a) + note(b)
    y = note(x) if a > 1 else note(b)
    z = a and note(a + 1) or note(b + 1)
    return x, y, z, [note(i) for i in range(b) if note(i) > 0]

print(Box(1).both(Box(2)))
print(combine(1, 2), combine(2, 1), combine(0, 3))
print(log)
""",
    "loops": """
def scan(items, limit):
    total, best = 0, None
    seen = []
    for i, item in enumerate(items):
        if item < 0:
            continue
        doubled = item * 2
        total += doubled
        if best is None or doubled > best:
            best = doubled
            seen.append(i)
        # Too much
        if total > limit:
            print("over", total)
            break
        # is too much.
    else:
        print("all", total)
    while total > limit:
        total -= limit
        step = total % 3
        print(step)
        if step == 1:
            return best, seen
    result = (total, best, seen)
    return result

print(scan([1, -2, 3, 4], 5), scan([1], 100), scan([], 1), scan([9, 9], 7))
""",
    "failures": """
def risky(n):
    if n > 2:
        raise ValueError(n)
    return n

def careful(n):
    state = "new"
    done = []
    try:
        state = "begun"
        value = risky(n)
        done.append(value)
        state = "done"
    except ValueError as error:
        done.append(str(error))
        value = -1
    else:
        done.append("else")
    finally:
        done.append(state)
    if value < 0:
        return state
    last = done[-1]
    return value, done, last

print(careful(1), careful(5))

def lengths(names):
    found = {}
    for name in names:
        try:
            size = len(name)
        except TypeError:
            size = 0
            print("no length", name)
        found[name] = size
    return found

print(lengths(["a", "bc", 3]))
""",
    "closures": """
def makers(n):
    made = []
    for i in range(n):
        j = i * 2
        made.append(lambda: (i, j))
    k = n + 1
    made.append(lambda: k)
    k = k + 1
    return [each() for each in made]

def counter():
    count = 0

    def up(by):
        nonlocal count
        count += by
        return count

    first = up(1)
    second = up(2) + count
    both = (first, second, count)
    return both

total = 0

def spend(amount):
    global total
    total += amount
    return total

def shop():
    before = total
    paid = spend(3)
    change = total - before
    pair = (total, spend(1))
    return before, paid, change, pair

def lazily(values):
    base = 10
    shifted = (value + base for value in values)
    base = 20
    text = ", ".join(str(each) for each in shifted)
    return text

print(makers(3), counter(), shop(), lazily([1, 2]))
""",
    "classes": """
class Account:
    rate = 2

    def __init__(self, owner, amount=0):
        self.owner = owner
        self.amount = amount
        self.__secret = amount * 3

    def pay(self, amount: int) -> int:
        fee = amount * self.rate // 10
        paid = amount - fee
        self.amount += paid
        secret = self.__secret + fee
        print(f"{self.owner} pays {amount} ({fee=}) {secret:>4}")
        return self.amount

    @classmethod
    def of(cls, text):
        owner, _, amount = text.partition(":")
        made = cls(owner, int(amount or 0))
        return made

    @staticmethod
    def check(amount):
        low = amount < 0
        message = "low" if low else "fine"
        return message

    @property
    def line(self):
        width = 10
        shown = self.owner.ljust(width, ".")
        return shown + str(self.amount)

class Gold(Account):
    def __new__(cls, *args):
        made = super().__new__(cls)
        made.kind = cls.rate
        return made

    def __init_subclass__(cls):
        name = cls.__name__
        cls.kind = name.lower()

    def pay(self, amount):
        extra = amount // 2
        result = super().pay(amount + extra)
        return result + extra

account = Account.of("ann:5")
print(account.pay(10), Account.check(-1), account.line)
print(Gold("bob").pay(8))
""",
    "walrus and match": """
import re

def parse(text):
    if (match := re.match(r"(\\\\w+)=(\\\\d+)", text)) and int(match[2]) > 1:
        name = match[1]
        number = int(match[2])
        return name, number
    parts = text.split(",")
    match parts:
        case [only]:
            kind = "one"
            size = len(only)
        case [first, *others] if others:
            kind = "many"
            size = len(others) + 1
            print(first)
        case _:
            kind, size = "none", 0
    with_size = kind + str(size)
    return with_size, [y for x in parts if (y := x.strip())]

print(parse("a=3"), parse("a=1"), parse("a, b"), parse(""))
""",
    "lists": """
def mix(values):
    copy = values
    n = len(values)
    joined = values + [0]
    values.append(4)
    again = values + [n]
    flag = not copy
    copy.clear()
    empty = not copy
    shown = "%s and %s" % (values, n)
    table = {"a": n, "b": [n]}
    table["a"] += 1
    first, *rest = joined
    del joined[0]
    head = joined
    text = "{} {}".format(rest, head) + str(n)
    return shown, again, flag, empty, table, first, text

print(mix([1, 2]), mix([]))
""",
    "async": """
import asyncio

async def load(n):
    await asyncio.sleep(0)
    return n * 2

async def gather(items):
    total = 0
    for item in items:
        value = await load(item)
        total += value
    both = await load(total) + total
    pairs = [await load(i) for i in items]
    return both, pairs

def numbers(n):
    for i in range(n):
        doubled = i * 2
        yield doubled
    last = n + 1
    yield last

print(asyncio.run(gather([1, 2])), list(numbers(2)))
""",
}

JAVASCRIPT = {
    "order": """
const log = [];
function note(value) {
  log.push(value);
  return value;
}
class Box {
  constructor(n) {
    this.n = n;
  }
  bump(by = 1) {
    this.n += by;
    return this.n;
  }
  both(other) {
    const first = this.n + other.bump();
    const second = this.bump(first) * 2;
    this.n = second - 1;
    const total = first + second + this.n;
    return [this.n, this.bump(), total, other?.n, [1].map((x) => x + this.n)];
  }
}
function combine(a, b) {
  const x = note(a) + note(b);
  let y = a > 1 ? note(x) : note(b);
  y += note(1);
  const z = (a && note(a + 1)) || note(b + 1);
  if (z > 2) note(x);
  else note(z);
  return { x, y, z };
}
print(new Box(1).both(new Box(2)));
print(combine(1, 2), combine(2, 1), combine(0, 3));
print(log);
""",
    "loops": """
function scan(items, limit) {
  let total = 0, best;
  const seen = [];
  for (const [i, item] of items.entries()) {
    if (item < 0) {
      continue;
    }
    const doubled = item * 2;
    total += doubled;
    if (best === undefined || doubled > best) {
      best = doubled;
      seen.push(i);
    }
    if (total > limit) {
      print("over", total);
      break;
    }
  }
  while (total > limit) {
    total -= limit;
    const step = total % 3;
    if (step === 1) {
      return { best, seen };
    }
  }
  for (let i = 0; i < 2; i++) {
    const part = i * total;
    total += part;
  }
  const result = { total, best, seen };
  [result.total, result["best"]] = [result.best, total];
  ({ total, ...result.rest } = result);
  for (result.last of seen) {
    // Only the last one counts.
    total += result.last;
  }
  return [result, total];
}
print(scan([1, -2, 3, 4], 5), scan([1], 100), scan([], 1), scan([9, 9], 7));
""",
    "closures": """
function makers(n) {
  const made = [];
  for (let i = 0; i < n; i++) {
    const j = i * 2;
    made.push(() => [i, j]);
  }
  let k = n + 1;
  made.push(() => k);
  k = k + 1;
  return made.map((each) => each());
}
function counter() {
  let count = 0;
  const up = (by) => {
    count += by;
    return count;
  };
  const first = up(1);
  const second = up(2) + count;
  const both = [count, up(1), first, second];
  return both;
}
let spent = 0;
function spend(amount) {
  spent += amount;
  return spent;
}
function shop() {
  const before = spent;
  const paid = spend(3);
  const pair = [spent, spend(1)];
  return { before, paid, pair };
}
print(makers(3), counter(), shop());
""",
    "failures": """
function risky(n) {
  if (n > 2) throw new Error("no");
  return n;
}
function careful(n) {
  let state = "new";
  const done = [];
  try {
    state = "begun";
    const value = risky(n);
    done.push(value);
    state = "done";
  } catch (error) {
    done.push(error.message, state);
  } finally {
    done.push(state);
  }
  switch (done.length) {
    case 2: {
      const text = done.join("-");
      print(text);
      break;
    }
    case 3:
      print("three", state);
    default:
      print("more");
  }
  const { length: size } = done;
  const last = `${state} ${size}`;
  return last;
}
print(careful(1), careful(5));
""",
    "this": """
const holder = {
  n: 3,
  get() {
    const own = this.n;
    const twice = () => this.n * 2;
    return own + twice();
  },
};
class Base {
  #secret = 4;
  static make(n) {
    const made = new this();
    made.n = n;
    return made;
  }
  get value() {
    const secret = this.#secret;
    return secret + this.n;
  }
  sum() {
    const parts = [1, 2].map((x) => x + this.n);
    const get = holder.get;
    let found = parts[0];
    try {
      found += get();
    } catch (error) {
      found -= 1;
    }
    return found + arguments.length;
  }
}
class Derived extends Base {
  sum() {
    const before = super.sum();
    return before * 2;
  }
}
print(holder.get(), Base.make(1).value, Derived.make(2).sum());
""",
}
