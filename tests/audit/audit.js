// Usage: node audit.js http://127.0.0.1:8080/graphql
// Prints one JSON line an audit: {"id", "name", "status": "ok" | "notice" | "warn" | "error", "reason"}.
import { auditServer } from 'graphql-http';

const url = process.argv[2];
for (const result of await auditServer({ url })) {
  console.log(
    JSON.stringify({ id: result.id, name: result.name, status: result.status, reason: result.reason ?? null }),
  );
}
