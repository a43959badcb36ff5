import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createServer, type Server } from "node:tls";

/** A key and a certificate of its own for 127.0.0.1. */
function selfSigned(): { key: string; cert: string } {
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "1"];
  const { status, stdout, stderr } = spawnSync("openssl", [...args, "-keyout", "-", "-out", "-"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`openssl made no certificate:\n${stderr}`);
  // Each takes its own part of the text.
  return { key: stdout, cert: stdout };
}

/** TLS before an HTTP endpoint, for clients that speak to S3 in no other way. */
export class TlsFront {
  readonly #server: Server;

  constructor(url: string) {
    const port = Number(new URL(url).port);
    this.#server = createServer(selfSigned(), (secure) => {
      const plain = connect(port, "127.0.0.1");
      secure.on("error", () => plain.destroy());
      plain.on("error", () => secure.destroy());
      secure.pipe(plain).pipe(secure);
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    return `https://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  close(): void {
    this.#server.close();
  }
}
