/**
 * The names and argument orders of `@std/assert` over `node:assert/strict`.
 *
 * `@std/assert` is published on JSR alone. Where JSR can be reached, `deno.json` may map `@std/assert` to
 * `jsr:@std/assert@1` instead of this file, and no test changes.
 */

import assert, { AssertionError } from "node:assert/strict";

export { AssertionError };

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = new (...args: any[]) => E;

function assert_(condition: unknown, message = "Expected a truthy value"): asserts condition {
  assert.ok(condition, message);
}
export { assert_ as assert };

export function assertFalse(condition: unknown, message = "Expected a falsy value"): void {
  assert.ok(!condition, message);
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  assert.deepStrictEqual(actual, expected, message);
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  assert.notDeepStrictEqual(actual, expected, message);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  assert.strictEqual(actual, expected, message);
}

export function assertExists<T>(
  actual: T,
  message = "Expected a value",
): asserts actual is NonNullable<T> {
  assert.ok(actual !== undefined && actual !== null, message);
}

export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  assert.ok(
    actual.includes(expected),
    message ?? `Expected ${JSON.stringify(actual)} to include ${JSON.stringify(expected)}`,
  );
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  assert.match(actual, expected, message);
}

export function assertNotMatch(actual: string, expected: RegExp, message?: string): void {
  assert.doesNotMatch(actual, expected, message);
}

export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void {
  const missing = Array.from(expected).filter((item) =>
    !Array.from(actual).some((candidate) => deepEqual(candidate, item))
  );
  assert.ok(missing.length === 0, message ?? `Expected to include ${JSON.stringify(missing)}`);
}

export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  assert.ok(actual > expected, message ?? `Expected ${actual} > ${expected}`);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  assert.ok(actual >= expected, message ?? `Expected ${actual} >= ${expected}`);
}

export function assertLess<T>(actual: T, expected: T, message?: string): void {
  assert.ok(actual < expected, message ?? `Expected ${actual} < ${expected}`);
}

export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  assert.ok(actual <= expected, message ?? `Expected ${actual} <= ${expected}`);
}

export function assertInstanceOf<E extends Error>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any
  expected: abstract new (...args: any[]) => E,
  message?: string,
): asserts actual is E {
  assert.ok(actual instanceof expected, message ?? `Expected an instance of ${expected.name}`);
}

export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): E {
  try {
    fn();
  } catch (thrown) {
    return checkThrown(thrown, errorClass, messageIncludes, message);
  }
  assert.fail(message ?? "Expected the function to throw");
}

export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E> {
  try {
    await fn();
  } catch (thrown) {
    return checkThrown(thrown, errorClass, messageIncludes, message);
  }
  assert.fail(message ?? "Expected the promise to reject");
}

export function fail(message = "Failed"): never {
  assert.fail(message);
}

function checkThrown<E extends Error>(
  thrown: unknown,
  errorClass: ErrorClass<E> | undefined,
  messageIncludes: string | undefined,
  message: string | undefined,
): E {
  assert.ok(thrown instanceof Error, message ?? "Expected an Error to be thrown");
  if (errorClass) {
    assert.ok(
      thrown instanceof errorClass,
      message ?? `Expected ${errorClass.name}, got ${thrown.name}: ${thrown.message}`,
    );
  }
  if (messageIncludes !== undefined) assertStringIncludes(thrown.message, messageIncludes, message);
  return thrown as E;
}

function deepEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
