/** The WebAssembly module beside the build, which edge runtimes import compiled. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
