/** The location of a store: what is understood, what is refused, and that a password is never repeated. */

import { test } from "node:test";
import { assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { describeLocation, readLocation } from "../../store/mod.ts";
import { readPostgresLocation } from "../../store/postgres_location.ts";

test("readLocation() reads the parts of a PostgreSQL location, and has a default for the rest", () => {
  assertEquals(readLocation("postgresql://ada:p%40ss%2Fw%23@db.example/gate%20house"), {
    kind: "postgres",
    host: "db.example",
    port: 5432,
    user: "ada",
    password: "p@ss/w#",
    database: "gate house",
    schema: "public",
    tls: { verify: "full" },
    applicationName: "gatehouse",
    poolSize: 10,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 10_000,
    shown: "postgres://ada:[redacted]@db.example/gate%20house",
  });
  const given = readPostgresLocation(
    "postgres://ada@[::1]:5433/db?schema=tools&pool_size=3&connect_timeout=2&statement_timeout=700" +
      "&application_name=mine",
  );
  assertEquals([given.host, given.port, given.schema], ["::1", 5433, "tools"]);
  assertEquals([given.poolSize, given.connectTimeoutMs, given.statementTimeoutMs], [3, 2000, 700]);
  assertEquals([given.applicationName, given.password, given.tls], ["mine", undefined, undefined]);
  assertEquals(readPostgresLocation("postgres://ada@%2Frun%2Fpg/db").host, "/run/pg");
});

test("readLocation() verifies TLS unless told otherwise, and needs none on the machine itself", () => {
  const tls = (rest: string) => readPostgresLocation(`postgres://ada@${rest}`).tls;
  for (const host of ["localhost", "127.0.0.1", "[::1]", "%2Frun"]) {
    assertEquals(tls(`${host}/db`), undefined);
  }
  for (const host of ["db.example", "10.0.0.5", "127.0.0.1.example", "localhost.example"]) {
    assertEquals(tls(`${host}/db`), { verify: "full" });
  }
  assertEquals(tls("h/db?sslmode=require"), { verify: "full" });
  assertEquals(tls("h/db?sslmode=verify-ca&sslrootcert=/ca.pem"), {
    verify: "ca",
    caFile: "/ca.pem",
  });
  assertEquals(tls("localhost/db?sslrootcert=/ca.pem"), { verify: "full", caFile: "/ca.pem" });
  assertEquals(tls("h/db?sslmode=no-verify"), { verify: "none" });
  assertEquals(tls("h/db?sslmode=disable"), undefined);
  assertEquals(tls("h/db?sslcert=/c.pem&sslkey=/k.pem"), {
    verify: "full",
    certificateFile: "/c.pem",
    keyFile: "/k.pem",
  });
});

const WRONG: Readonly<Record<string, string>> = {
  "mysql://ada:hunter2@h/db": "postgres://",
  "postgres:": "it names no user",
  "postgres://ada:hunter2@h": "name one database",
  "postgres://ada:hunter2@h/a/b": "name one database",
  "postgres://:hunter2@h/db": "names no user",
  "postgres://ada:hunter2@h1,h2/db": "one host",
  "postgres://ada:hunter2@h:99999/db": "not a URL",
  // A password with special characters that nobody encoded.
  "postgres://ada:hunter2/x@h/db": "not a URL",
  "postgres://ada:12/hunter2@h/db": "names no user",
  "postgres://ada:hunter2#x@h/db": "percent-encode",
  "postgres://ada:hunter2?x@h/db": "percent-encode",
  "postgres://ada:hunter2%@h/db": "%25",
  "postgres://ada:hunter2@h/db#x": "percent-encode",
  "postgres://ada@h/db?password=hunter2": "unknown parameter",
  "postgres://ada:hunter2@h/db?options=-csearch_path%3Dx": "unknown parameter",
  "postgres://ada:hunter2@h/db?schema=a&schema=b": "given twice",
  "postgres://ada:hunter2@h/db?schema=": "empty",
  "postgres://ada:hunter2@h/db?schema=Big": "lower-case",
  'postgres://ada:hunter2@h/db?schema=a";drop': "lower-case",
  "postgres://ada:hunter2@h/db?schema=pg_catalog": "server's own",
  "postgres://ada:hunter2@h/db?schema=information_schema": "server's own",
  "postgres://ada:hunter2@h/db?sslmode=prefer": "talked out of TLS",
  "postgres://ada:hunter2@h/db?sslmode=yes": "sslmode must be",
  "postgres://ada:hunter2@h/db?sslmode=disable&sslrootcert=/c": "leave one",
  "postgres://ada:hunter2@h/db?sslmode=no-verify&sslrootcert=/c": "leave one",
  "postgres://ada:hunter2@h/db?sslcert=/c": "both or neither",
  "postgres://ada:hunter2@h/db?pool_size=0": "from 1 to 100",
  "postgres://ada:hunter2@h/db?pool_size=1e3": "from 1 to 100",
  "postgres://ada:hunter2@h/db?connect_timeout=61": "from 1 to 60",
  "postgres://ada:hunter2@h/db?statement_timeout=-1": "from 100 to 600000",
};

for (const [location, words] of Object.entries(WRONG)) {
  test(`a wrong location is refused and not repeated: ${location}`, () => {
    const error = assertThrows(() => readLocation(location), AppError);
    assertEquals([error.code, error.reason], ["invalid_request", "store_location"]);
    assertStringIncludes(error.message, words);
    assertFalse(error.message.includes("hunter2"));
    assertFalse(describeLocation(location).includes("hunter2"));
  });
}

test("describeLocation() shows all but the password", () => {
  assertEquals(describeLocation("sqlite:/var/lib/x.db"), "sqlite:/var/lib/x.db");
  assertEquals(
    describeLocation("postgres://ada:hunter2@db:6432/gate?schema=s&sslmode=verify-full"),
    "postgres://ada:[redacted]@db:6432/gate?schema=s&sslmode=verify-full",
  );
});
