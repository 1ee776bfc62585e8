/** What `kubectl exec` does after CRI's Exec: opens the URL it was given and reads the streams, by WebSocket. */

import type { PrivateHost } from './private-host.ts'

/** What came of a streamed command: output by channel, and the engine's closing word. */
export interface Streamed {
  readonly stdout: string
  readonly stderr: string
  /** `Success`, or the JSON status that names what failed and the exit code. */
  readonly status: string
}

const channels = { stdout: 1, stderr: 2, error: 3 } as const

/** Reads a streaming URL to its end. The server listens inside the host, so the connection is made there. */
export const readStream = async (host: PrivateHost, url: string): Promise<Streamed> => {
  const { hostname, port, pathname, search } = new URL(url)
  const request = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: bGludGVsIGVuZCB0byBlbg==',
    'Sec-WebSocket-Protocol: v4.channel.k8s.io',
    '\r\n',
  ].join('\r\n')
  const talk = `exec 3<>/dev/tcp/${hostname}/${port}; printf %s "$1" >&3; timeout 20 base64 -w0 <&3`
  const talked = await host.run('bash', ['-c', talk, 'stream', request])
  const answer = Buffer.from(talked.stdout, 'base64')
  const end = answer.indexOf('\r\n\r\n') + 4
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(`no stream: ${talked.all}`)
  const frames = framesOf(answer.subarray(end))
  const on = (channel: number): string =>
    Buffer.concat(frames.filter(([first]) => first === channel).map((frame) => frame.subarray(1))).toString()
  return { stdout: on(channels.stdout), stderr: on(channels.stderr), status: on(channels.error) }
}

/** Payloads of the binary frames of a server (RFC 6455 section 5.2: never masked). */
const framesOf = (bytes: Buffer): readonly Buffer[] => {
  const frames: Buffer[] = []
  for (let at = 0; at + 1 < bytes.length; ) {
    const [opcode, short] = [bytes.readUInt8(at) & 0x0f, bytes.readUInt8(at + 1)]
    const [length, start] = short < 126 ? [short, at + 2] : [bytes.readUInt16BE(at + 2), at + 4]
    if (opcode === 2) frames.push(bytes.subarray(start, start + length))
    at = start + length
  }
  return frames
}
