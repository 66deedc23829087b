/** WebGPU's flags, as its specification numbers them: TypeScript's library has the types only. */
export const BUFFER = { mapRead: 0x1, copySrc: 0x4, copyDst: 0x8, storage: 0x80, queryResolve: 0x200 } as const
export const TEXTURE = { textureBinding: 0x4, storageBinding: 0x8 } as const
export const MAP_READ = 0x1
