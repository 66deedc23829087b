// Blueprint 18281ee1ecc51eec0e1f6b46214ee4791a90aeab261f559b38e5ecc1c3f08b02, contract textureB 4x4 8x1 rows close pad 1; written by tests/golden.rs.

// [Tensor(0), TemporaryOut(0)], [2, 1, 1] workgroups
enable f16;
@group(0) @binding(0) var<storage, read> b0: array<f16>;
@group(0) @binding(1) var<storage, read_write> b1: array<vec4<f16>>;
fn element(o: u32) -> f32 { let k = o % 8u; let c = o / 8u % 1u * 8u + k; let x = o / 8u % 8u - 1u; let y = o / 64u % 8u - 1u; let n = o / 512u; let e = ((n * 8u + c) * 6u + y) * 6u + x; if (!(k < 8u && x < 6u && y < 6u)) { return 0.0; } return f32(b0[(e)]); }
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) li: u32) {
let first = wid.x * 64u + li;
{ let i = first + 0u;
{
let o = i * 4u;
b1[o / 4u] = vec4<f16>(vec4<f32>(element(o), element(o + 1u), element(o + 2u), element(o + 3u))); } }
}

// [Tensor(1), TextureOut(1)], [4, 1, 1] workgroups
enable f16;
@group(0) @binding(0) var<storage, read> b0: array<f16>;
@group(0) @binding(1) var b1: texture_storage_2d<rgba16float, write>;
fn element(o: u32) -> f32 { let c = o % 12u; let k = o / 12u % 8u; let t = o / 96u % 9u; let f = o / 864u * 12u + c; let e = (f * 8u + k) * 9u + t; if (!(c < 12u && k < 8u)) { return 0.0; } return f32(b0[(e)]); }
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) li: u32) {
let first = wid.x * 64u + li;
{ let i = first + 0u;
if (i < 216u) {
let o = i * 4u;
textureStore(b1, vec2<u32>(o / 4u % 3u, o / 4u / 3u), vec4<f32>(element(o), element(o + 1u), element(o + 2u), element(o + 3u))); } }
}

// [Temporary(0), Texture(1), Output], [2, 3, 1] workgroups
enable f16;
@group(0) @binding(0) var<storage, read> b0: array<vec4<f16>>;
@group(0) @binding(1) var b1: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> b2: array<f16>;
fn put(x: f32, row: u32, col: u32, z: u32, part: u32) { if (row >= 36u) { return; } let o = (row / 36u * 12u + z * 12u + col) * 36u + row % 36u; b2[o] = f16(x); }
@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) li: u32) {
let lid = local.xy;
let lr = lid.x; let lc = lid.y; let block_row = wid.x * 32u; let block_col = wid.y * 4u;
let row0 = block_row + lr * 4u; let col0 = block_col + lc * 4u;
let part = wid.z % 1u; let z = wid.z / 1u;
let za = 0u; let zb = 0u;
let ra0 = (((min((row0 + 0u), 35u) / 36u * 8u + min((row0 + 0u), 35u) % 36u / 6u * 1u) * 8u + min((row0 + 0u), 35u) % 6u * 1u) * 8u + za * 8u) / 4u;
let ra1 = (((min((row0 + 1u), 35u) / 36u * 8u + min((row0 + 1u), 35u) % 36u / 6u * 1u) * 8u + min((row0 + 1u), 35u) % 6u * 1u) * 8u + za * 8u) / 4u;
let ra2 = (((min((row0 + 2u), 35u) / 36u * 8u + min((row0 + 2u), 35u) % 36u / 6u * 1u) * 8u + min((row0 + 2u), 35u) % 6u * 1u) * 8u + za * 8u) / 4u;
let ra3 = (((min((row0 + 3u), 35u) / 36u * 8u + min((row0 + 3u), 35u) % 36u / 6u * 1u) * 8u + min((row0 + 3u), 35u) % 6u * 1u) * 8u + za * 8u) / 4u;
let cb0 = (col0 + 0u) / 4u;
var c0_0 = vec4<f32>();
var c1_0 = vec4<f32>();
var c2_0 = vec4<f32>();
var c3_0 = vec4<f32>();
for (var t = 0u; t < 9u; t += 1u) { let tap = (t / 3u * 1u * 8u + t % 3u * 1u) * 8u;
for (var ic = 0u; ic < 8u; ic += 4u) { let k = t * 8u + ic; let ka = tap + ic;
let a0_0 = vec4<f32>(b0[ra0 + ka / 4u + 0u]);
let a1_0 = vec4<f32>(b0[ra1 + ka / 4u + 0u]);
let a2_0 = vec4<f32>(b0[ra2 + ka / 4u + 0u]);
let a3_0 = vec4<f32>(b0[ra3 + ka / 4u + 0u]);
let b0_0 = textureLoad(b1, vec2<u32>(cb0, zb * 72u + k + 0u), 0);
c0_0 = fma(vec4<f32>(a0_0.x), b0_0, c0_0);
c1_0 = fma(vec4<f32>(a1_0.x), b0_0, c1_0);
c2_0 = fma(vec4<f32>(a2_0.x), b0_0, c2_0);
c3_0 = fma(vec4<f32>(a3_0.x), b0_0, c3_0);
let b0_1 = textureLoad(b1, vec2<u32>(cb0, zb * 72u + k + 1u), 0);
c0_0 = fma(vec4<f32>(a0_0.y), b0_1, c0_0);
c1_0 = fma(vec4<f32>(a1_0.y), b0_1, c1_0);
c2_0 = fma(vec4<f32>(a2_0.y), b0_1, c2_0);
c3_0 = fma(vec4<f32>(a3_0.y), b0_1, c3_0);
let b0_2 = textureLoad(b1, vec2<u32>(cb0, zb * 72u + k + 2u), 0);
c0_0 = fma(vec4<f32>(a0_0.z), b0_2, c0_0);
c1_0 = fma(vec4<f32>(a1_0.z), b0_2, c1_0);
c2_0 = fma(vec4<f32>(a2_0.z), b0_2, c2_0);
c3_0 = fma(vec4<f32>(a3_0.z), b0_2, c3_0);
let b0_3 = textureLoad(b1, vec2<u32>(cb0, zb * 72u + k + 3u), 0);
c0_0 = fma(vec4<f32>(a0_0.w), b0_3, c0_0);
c1_0 = fma(vec4<f32>(a1_0.w), b0_3, c1_0);
c2_0 = fma(vec4<f32>(a2_0.w), b0_3, c2_0);
c3_0 = fma(vec4<f32>(a3_0.w), b0_3, c3_0);
} }
put(c0_0.x, row0 + 0u, col0 + 0u, z, part); put(c0_0.y, row0 + 0u, col0 + 1u, z, part); put(c0_0.z, row0 + 0u, col0 + 2u, z, part); put(c0_0.w, row0 + 0u, col0 + 3u, z, part);
put(c1_0.x, row0 + 1u, col0 + 0u, z, part); put(c1_0.y, row0 + 1u, col0 + 1u, z, part); put(c1_0.z, row0 + 1u, col0 + 2u, z, part); put(c1_0.w, row0 + 1u, col0 + 3u, z, part);
put(c2_0.x, row0 + 2u, col0 + 0u, z, part); put(c2_0.y, row0 + 2u, col0 + 1u, z, part); put(c2_0.z, row0 + 2u, col0 + 2u, z, part); put(c2_0.w, row0 + 2u, col0 + 3u, z, part);
put(c3_0.x, row0 + 3u, col0 + 0u, z, part); put(c3_0.y, row0 + 3u, col0 + 1u, z, part); put(c3_0.z, row0 + 3u, col0 + 2u, z, part); put(c3_0.w, row0 + 3u, col0 + 3u, z, part);
}
