// Starts `calf lsp` for files of Calf.

const { workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("calf").get("path");
  const server = { command, args: ["lsp"], transport: TransportKind.stdio };
  const options = { documentSelector: [{ language: "calf" }] };
  client = new LanguageClient("calf", "Calf", server, options);
  return client.start();
};

exports.deactivate = () => client && client.stop();
