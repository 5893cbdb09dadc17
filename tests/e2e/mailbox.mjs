// A mail server that takes everything and keeps it: codes and links that are mailed are read from here.
import { createServer } from "node:net";

export async function mailbox() {
  const mails = [];
  const server = createServer((socket) => {
    let text = "";
    let mail = null;
    socket.write("220 here\r\n");
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      text += piece;
      for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (mail !== null && line === ".") {
          mails.push(mail);
          mail = null;
          socket.write("250 kept\r\n");
        } else if (mail !== null) mail += `${line}\n`;
        else if (line === "DATA") {
          mail = "";
          socket.write("354 go on\r\n");
        } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    /** The next mail, after those that were read. */
    async next() {
      for (let tries = 0; tries < 100 && mails.length === 0; tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
      if (mails.length === 0) throw new Error("no mail came");
      const mail = mails.shift();
      return mail.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
    },
    close: () => server.close(),
  };
}
