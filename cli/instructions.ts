/** What a model is told about this server when it connects. */

export const INSTRUCTIONS = `This server is the control plane of a SaaS workspace. \
A workspace has environments (ids env_...); an environment has organizations (org_...), which are its customers; \
an organization has users (usr_...). Workspace members are the people who run the workspace itself.

Begin with whoami to see what the access token allows, then list_environments: every other tool on organizations and users \
needs an environmentId from there. Find an organization with list_organizations and its search before creating one. \
Lists come in pages; pass nextPageToken back as pageToken until there is none. \
The same objects can be read as resources, such as environment://{environmentId}, and prompts begin the common jobs.

Give every call that changes something a new idempotencyKey: where its answer is lost, the same call with the same key is not \
done twice. search_docs answers how this server works and is set up.

A tool that needs a scope the token lacks is refused with insufficient_scope and names all scopes it needs: ask for those, \
do not retry with the same token. A result with isError carries error.code and error.message, which say how to mend the call.`;
