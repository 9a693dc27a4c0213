import fc from "fast-check";
import { expect, it } from "vitest";
import { createPlaces, type GiveBack } from "../../src/router/places.ts";

it("never has more callers in its places than there are, and none left over when all have gone", () => {
  const step = fc.record({
    do: fc.constantFrom("take", "wait", "leave", "give back", "give back twice"),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80 }), (count, steps) => {
      const places = createPlaces(count);
      const inside: GiveBack[] = [];
      const leaving: (() => void)[] = [];
      for (const { do: what, which } of steps) {
        if (what === "take") {
          const place = places.take();
          expect(place === undefined).toBe(inside.length === count);
          if (place !== undefined) inside.push(place);
        } else if (what === "wait") {
          leaving.push(places.waitInLine((place) => inside.push(place)));
        } else if (what === "leave") {
          leaving[which % Math.max(1, leaving.length)]?.();
        } else {
          const [place] = inside.splice(which % Math.max(1, inside.length), 1);
          place?.();
          if (what === "give back twice") place?.();
        }
        expect(inside.length).toBeLessThanOrEqual(count);
        expect(places.isFull).toBe(inside.length === count);
      }
      for (const leave of leaving) leave();
      for (const place of inside) place();
      const again = Array.from({ length: count + 1 }, () => places.take());
      expect(again.map((place) => place !== undefined)).toEqual([...Array(count).fill(true), false]);
    }),
  );
});

it("lets callers in by the order of the line, without those who left", () => {
  const places = createPlaces(1);
  const first = places.take();
  const entered: string[] = [];
  const giveBacks: GiveBack[] = [];
  const wait = (name: string) =>
    places.waitInLine((giveBack) => {
      entered.push(name);
      giveBacks.push(giveBack);
    });
  wait("a");
  const leaveB = wait("b");
  wait("c");
  leaveB();
  first?.();
  expect(entered).toEqual(["a"]);
  giveBacks[0]?.();
  expect(entered).toEqual(["a", "c"]);
});
