// Blueprint f0ddc1c5ab9520f771171e8e2d40e2a8844297ebda877567909b350e5c64f7b1, contract subgroupTexture 4x4 8x1 columns close pad 1; written by tests/golden.rs.

// [Tensor(1), TextureOut(0)], [6, 1, 1] workgroups
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var b1: texture_storage_2d<rgba32float, write>;
fn element(o: u32) -> f32 { let c = o % 64u; let r = o / 64u % 24u; let z = o / 1536u; let e = z * 864u + r * 36u + c; if (!(r < 24u && c < 36u)) { return 0.0; } return f32(b0[(e)]); }
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) li: u32) {
let first = wid.x * 64u + li;
{ let i = first + 0u;
{
let o = i * 4u;
textureStore(b1, vec2<u32>(o / 4u % 16u, o / 4u / 16u), vec4<f32>(element(o), element(o + 1u), element(o + 2u), element(o + 3u))); } }
}

// [Tensor(0), Texture(0), Output, Tensor(2)], [2, 5, 1] workgroups
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var b1: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> b2: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b3: array<vec4<f32>>;
fn erf4(x: vec4<f32>) -> vec4<f32> { let a = min(abs(x), vec4<f32>(6.0)); let t = vec4<f32>(1.0) / (vec4<f32>(1.0) + 0.3275911 * a); let p = t * (vec4<f32>(0.254829592) + t * (vec4<f32>(-0.284496736) + t * (vec4<f32>(1.421413741) + t * (vec4<f32>(-1.453152027) + t * 1.061405429)))); return sign(x) * (vec4<f32>(1.0) - p * exp(-a * a)); }
fn gelu4(x: vec4<f32>) -> vec4<f32> { return 0.5 * x * (vec4<f32>(1.0) + erf4(x * 0.70710678)); }
fn put(x: vec4<f32>, row: u32, col: u32, z: u32, part: u32) { if (col >= 36u) { return; } let o = (z * 20u + row) * 36u + col; b2[(o) / 4u] = vec4<f32>(gelu4((x + vec4<f32>(b3[(((o) % 36u)) / 4u])))); }
@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) li: u32, @builtin(subgroup_invocation_id) lane: u32) {
let lid = vec2<u32>(li % 8u, li / 8u);
let lr = lid.y; let lc = lid.x; let block_row = wid.y * 4u; let block_col = wid.x * 32u;
let row0 = block_row + lr * 4u; let col0 = block_col + lc * 4u;
let part = wid.z % 1u; let z = wid.z / 1u;
let za = 0u; let zb = 0u;
let ra0 = ((za * 20u + (row0 + 0u)) * 24u) / 1u;
let ra1 = ((za * 20u + (row0 + 1u)) * 24u) / 1u;
let ra2 = ((za * 20u + (row0 + 2u)) * 24u) / 1u;
let ra3 = ((za * 20u + (row0 + 3u)) * 24u) / 1u;
let cb0 = (col0 + 0u) / 4u;
var c0_0 = vec4<f32>();
var c1_0 = vec4<f32>();
var c2_0 = vec4<f32>();
var c3_0 = vec4<f32>();
for (var q = 0u; q < 24u; q += 8u) { let k = part * 24u + q; let ka = k;
let av0 = f32(b0[ra0 + ka + lane]);
let av1 = f32(b0[ra1 + ka + lane]);
let av2 = f32(b0[ra2 + ka + lane]);
let av3 = f32(b0[ra3 + ka + lane]);
let b0_0 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 0u), 0);
let a0_0 = subgroupBroadcast(av0, 0u);
c0_0 = fma(vec4<f32>(a0_0), b0_0, c0_0);
let a1_0 = subgroupBroadcast(av1, 0u);
c1_0 = fma(vec4<f32>(a1_0), b0_0, c1_0);
let a2_0 = subgroupBroadcast(av2, 0u);
c2_0 = fma(vec4<f32>(a2_0), b0_0, c2_0);
let a3_0 = subgroupBroadcast(av3, 0u);
c3_0 = fma(vec4<f32>(a3_0), b0_0, c3_0);
let b0_1 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 1u), 0);
let a0_1 = subgroupBroadcast(av0, 1u);
c0_0 = fma(vec4<f32>(a0_1), b0_1, c0_0);
let a1_1 = subgroupBroadcast(av1, 1u);
c1_0 = fma(vec4<f32>(a1_1), b0_1, c1_0);
let a2_1 = subgroupBroadcast(av2, 1u);
c2_0 = fma(vec4<f32>(a2_1), b0_1, c2_0);
let a3_1 = subgroupBroadcast(av3, 1u);
c3_0 = fma(vec4<f32>(a3_1), b0_1, c3_0);
let b0_2 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 2u), 0);
let a0_2 = subgroupBroadcast(av0, 2u);
c0_0 = fma(vec4<f32>(a0_2), b0_2, c0_0);
let a1_2 = subgroupBroadcast(av1, 2u);
c1_0 = fma(vec4<f32>(a1_2), b0_2, c1_0);
let a2_2 = subgroupBroadcast(av2, 2u);
c2_0 = fma(vec4<f32>(a2_2), b0_2, c2_0);
let a3_2 = subgroupBroadcast(av3, 2u);
c3_0 = fma(vec4<f32>(a3_2), b0_2, c3_0);
let b0_3 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 3u), 0);
let a0_3 = subgroupBroadcast(av0, 3u);
c0_0 = fma(vec4<f32>(a0_3), b0_3, c0_0);
let a1_3 = subgroupBroadcast(av1, 3u);
c1_0 = fma(vec4<f32>(a1_3), b0_3, c1_0);
let a2_3 = subgroupBroadcast(av2, 3u);
c2_0 = fma(vec4<f32>(a2_3), b0_3, c2_0);
let a3_3 = subgroupBroadcast(av3, 3u);
c3_0 = fma(vec4<f32>(a3_3), b0_3, c3_0);
let b0_4 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 4u), 0);
let a0_4 = subgroupBroadcast(av0, 4u);
c0_0 = fma(vec4<f32>(a0_4), b0_4, c0_0);
let a1_4 = subgroupBroadcast(av1, 4u);
c1_0 = fma(vec4<f32>(a1_4), b0_4, c1_0);
let a2_4 = subgroupBroadcast(av2, 4u);
c2_0 = fma(vec4<f32>(a2_4), b0_4, c2_0);
let a3_4 = subgroupBroadcast(av3, 4u);
c3_0 = fma(vec4<f32>(a3_4), b0_4, c3_0);
let b0_5 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 5u), 0);
let a0_5 = subgroupBroadcast(av0, 5u);
c0_0 = fma(vec4<f32>(a0_5), b0_5, c0_0);
let a1_5 = subgroupBroadcast(av1, 5u);
c1_0 = fma(vec4<f32>(a1_5), b0_5, c1_0);
let a2_5 = subgroupBroadcast(av2, 5u);
c2_0 = fma(vec4<f32>(a2_5), b0_5, c2_0);
let a3_5 = subgroupBroadcast(av3, 5u);
c3_0 = fma(vec4<f32>(a3_5), b0_5, c3_0);
let b0_6 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 6u), 0);
let a0_6 = subgroupBroadcast(av0, 6u);
c0_0 = fma(vec4<f32>(a0_6), b0_6, c0_0);
let a1_6 = subgroupBroadcast(av1, 6u);
c1_0 = fma(vec4<f32>(a1_6), b0_6, c1_0);
let a2_6 = subgroupBroadcast(av2, 6u);
c2_0 = fma(vec4<f32>(a2_6), b0_6, c2_0);
let a3_6 = subgroupBroadcast(av3, 6u);
c3_0 = fma(vec4<f32>(a3_6), b0_6, c3_0);
let b0_7 = textureLoad(b1, vec2<u32>(cb0, zb * 24u + k + 7u), 0);
let a0_7 = subgroupBroadcast(av0, 7u);
c0_0 = fma(vec4<f32>(a0_7), b0_7, c0_0);
let a1_7 = subgroupBroadcast(av1, 7u);
c1_0 = fma(vec4<f32>(a1_7), b0_7, c1_0);
let a2_7 = subgroupBroadcast(av2, 7u);
c2_0 = fma(vec4<f32>(a2_7), b0_7, c2_0);
let a3_7 = subgroupBroadcast(av3, 7u);
c3_0 = fma(vec4<f32>(a3_7), b0_7, c3_0);
}
put(c0_0, row0 + 0u, col0 + 0u, z, part);
put(c1_0, row0 + 1u, col0 + 0u, z, part);
put(c2_0, row0 + 2u, col0 + 0u, z, part);
put(c3_0, row0 + 3u, col0 + 0u, z, part);
}
