/** Starts the server, uses it and stops it; run as a process of its own, whose output a test reads. */

import process from "node:process";
import { approve, authorizeUrl, withServer } from "./support.ts";

await withServer({}, async (running) => {
  const { issuer, addClient, post, register } = running;
  process.stdout.write(`started ${issuer}\n`);
  const { basic } = await addClient();
  const token = await post("/token", { grant_type: "client_credentials" }, basic);
  const { client_id } = await register();
  const answer = await approve(running, client_id);
  const document = await fetch(authorizeUrl(issuer, "https://localhost/client.json"));
  const malformed = await post("/token", { grant_type: "%" }, { ...basic, accept: "text/html" });
  process.stdout.write(
    `${token.status} ${answer.hostname} ${document.status} ${malformed.status}\n`,
  );
});
