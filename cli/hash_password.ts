/** `gatehouse hash-password`: makes the value that a user of the embedded authorization server is configured with. */

import process from "node:process";
import { usageError } from "./command.ts";
import type { Register } from "./command.ts";

export const registerHashPassword: Register = (program, io) => {
  program.command("hash-password")
    .description("read a password from stdin and print its hash for authorizationServer.users")
    .action(async () => {
      const password = (await readInput()).replace(/\r?\n$/, "");
      if (password.length < 12) {
        throw usageError("Give a password of at least 12 characters on stdin");
      }
      const { hashPassword } = await import("../auth/embedded/users.ts");
      io.out(await hashPassword(password));
    });
};

async function readInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text;
}
