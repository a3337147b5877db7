import { readSecret, readSecretText } from "../config/secrets.ts";

/** Who a command is to a broker, as its options say: files, or `env:NAME`. */
export interface BrokerLogin {
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What the MQTT client is told of it, read anew for each connection. @throws LYN_SECRET_UNREADABLE */
export async function loginOptions({ username, passwordFile, ...files }: BrokerLogin): Promise<{
  readonly username?: string;
  readonly password?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}> {
  const pem = async (name: "ca" | "cert" | "key") => {
    const file = files[name];
    return file === undefined ? {} : { [name]: Buffer.from(await readSecret(file, process.env)) };
  };
  return {
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { password: await readSecretText(passwordFile, process.env) }),
    ...(await pem("ca")),
    ...(await pem("cert")),
    ...(await pem("key")),
  };
}
