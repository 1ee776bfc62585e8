/** Packages that bring no types and are only handed on to yargs. */
declare module 'cliui' {
  const cliui: unknown
  export default cliui
}
declare module 'yargs-parser/browser' {
  const parser: unknown
  export default parser
}
