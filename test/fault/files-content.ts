/** The content of version `version` of the file `name`: up to 400 kB in pieces of some thousand bytes. */
export async function* contentOf(name: string, version: number): AsyncGenerator<Uint8Array, void> {
  const piece = Buffer.from(`${name} ${version}\n`.repeat(400))
  for (let index = 0; index < 1 + (version % 60); index++) yield piece
}
