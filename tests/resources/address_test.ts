import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { overlap, readAddress } from "../../resources/address.ts";

test("an address is one of this server's schemes, with whole parts that are fixed or a variable", () => {
  for (
    const text of [
      "workspace://members",
      "environment://{environmentId}",
      "organization://{environmentId}/{organizationId}/users",
      "docs://{name}",
    ]
  ) assert(readAddress(text), text);
  for (
    const text of [
      "file:///etc/passwd",
      "http://example.com/{id}",
      "Environment://{id}",
      "environment://",
      "environment:///{id}",
      "environment://{id}/",
      "environment://{+id}",
      "environment://{id*}",
      "environment://{id}x",
      "environment://{a}/{a}",
      "environment://../x",
      "environment://{id}?q=1",
    ]
  ) assertEquals(readAddress(text), undefined, text);
});

test("a URI matches in one spelling only, and nothing in it is decoded or resolved (H183)", () => {
  const address = readAddress("organization://{environmentId}/{organizationId}/users")!;
  assertEquals(address.match("organization://env_1/org_2/users"), {
    environmentId: "env_1",
    organizationId: "org_2",
  });
  for (
    const uri of [
      "organization://env_1/org_2/users/",
      "organization://env_1/org_2/Users",
      "ORGANIZATION://env_1/org_2/users",
      "organization://env_1/org_2",
      "organization://env_1//users",
      "organization://env_1/%6Frg_2/users",
      "organization://env_1/../users",
      "organization://env_1/org_2/users?x",
      "organization://env_1/org_2/users\n",
      " organization://env_1/org_2/users",
      `organization://env_1/${"o".repeat(65)}/users`,
      "organization://{environmentId}/{organizationId}/users",
    ]
  ) assertEquals(address.match(uri), undefined, uri);
});

test("a template is filled in, and not with less than all", () => {
  const address = readAddress("environment://{environmentId}/organizations")!;
  assertEquals(address.expand({ environmentId: "env_1" }), "environment://env_1/organizations");
  assertEquals(address.expand({}), undefined);
});

test("two addresses overlap where one URI could be meant by both", () => {
  assert(overlap("docs://{name}", "docs://readme"));
  assert(overlap("docs://{a}/x", "docs://x/{b}"));
  assert(!overlap("docs://{name}", "workspace://members"));
  assert(!overlap("docs://{name}", "docs://{name}/parts"));
});
