// Blueprint f0ddc1c5ab9520f771171e8e2d40e2a8844297ebda877567909b350e5c64f7b1, contract buffer4 4x4 8x1 columns close guard 1; written by tests/golden.rs.

// [Tensor(0), Tensor(1), Output, Tensor(2)], [2, 5, 1] workgroups
@group(0) @binding(0) var<storage, read> b0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> b2: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b3: array<vec4<f32>>;
fn erf4(x: vec4<f32>) -> vec4<f32> { let a = min(abs(x), vec4<f32>(6.0)); let t = vec4<f32>(1.0) / (vec4<f32>(1.0) + 0.3275911 * a); let p = t * (vec4<f32>(0.254829592) + t * (vec4<f32>(-0.284496736) + t * (vec4<f32>(1.421413741) + t * (vec4<f32>(-1.453152027) + t * 1.061405429)))); return sign(x) * (vec4<f32>(1.0) - p * exp(-a * a)); }
fn gelu4(x: vec4<f32>) -> vec4<f32> { return 0.5 * x * (vec4<f32>(1.0) + erf4(x * 0.70710678)); }
fn put(x: vec4<f32>, row: u32, col: u32, z: u32, part: u32) { if (col >= 36u) { return; } let o = (z * 20u + row) * 36u + col; b2[(o) / 4u] = vec4<f32>(gelu4((x + vec4<f32>(b3[(((o) % 36u)) / 4u])))); }
@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>, @builtin(local_invocation_index) li: u32) {
let lid = local.xy;
let lr = lid.y; let lc = lid.x; let block_row = wid.y * 4u; let block_col = wid.x * 32u;
let row0 = block_row + lr * 4u; let col0 = block_col + lc * 4u;
let part = wid.z % 1u; let z = wid.z / 1u;
let za = 0u; let zb = 0u;
let ra0 = ((za * 20u + (row0 + 0u)) * 24u) / 4u;
let ra1 = ((za * 20u + (row0 + 1u)) * 24u) / 4u;
let ra2 = ((za * 20u + (row0 + 2u)) * 24u) / 4u;
let ra3 = ((za * 20u + (row0 + 3u)) * 24u) / 4u;
let cb0 = (zb * 864u + min((col0 + 0u), 32u)) / 4u;
var c0_0 = vec4<f32>();
var c1_0 = vec4<f32>();
var c2_0 = vec4<f32>();
var c3_0 = vec4<f32>();
for (var q = 0u; q < 24u; q += 4u) { let k = part * 24u + q; let ka = k;
let kb = k * 9u;
let a0_0 = vec4<f32>(b0[ra0 + ka / 4u + 0u]);
let a1_0 = vec4<f32>(b0[ra1 + ka / 4u + 0u]);
let a2_0 = vec4<f32>(b0[ra2 + ka / 4u + 0u]);
let a3_0 = vec4<f32>(b0[ra3 + ka / 4u + 0u]);
let b0_0 = vec4<f32>(b1[kb + cb0 + 0u]);
c0_0 = fma(vec4<f32>(a0_0.x), b0_0, c0_0);
c1_0 = fma(vec4<f32>(a1_0.x), b0_0, c1_0);
c2_0 = fma(vec4<f32>(a2_0.x), b0_0, c2_0);
c3_0 = fma(vec4<f32>(a3_0.x), b0_0, c3_0);
let b0_1 = vec4<f32>(b1[kb + cb0 + 9u]);
c0_0 = fma(vec4<f32>(a0_0.y), b0_1, c0_0);
c1_0 = fma(vec4<f32>(a1_0.y), b0_1, c1_0);
c2_0 = fma(vec4<f32>(a2_0.y), b0_1, c2_0);
c3_0 = fma(vec4<f32>(a3_0.y), b0_1, c3_0);
let b0_2 = vec4<f32>(b1[kb + cb0 + 18u]);
c0_0 = fma(vec4<f32>(a0_0.z), b0_2, c0_0);
c1_0 = fma(vec4<f32>(a1_0.z), b0_2, c1_0);
c2_0 = fma(vec4<f32>(a2_0.z), b0_2, c2_0);
c3_0 = fma(vec4<f32>(a3_0.z), b0_2, c3_0);
let b0_3 = vec4<f32>(b1[kb + cb0 + 27u]);
c0_0 = fma(vec4<f32>(a0_0.w), b0_3, c0_0);
c1_0 = fma(vec4<f32>(a1_0.w), b0_3, c1_0);
c2_0 = fma(vec4<f32>(a2_0.w), b0_3, c2_0);
c3_0 = fma(vec4<f32>(a3_0.w), b0_3, c3_0);
}
put(c0_0, row0 + 0u, col0 + 0u, z, part);
put(c1_0, row0 + 1u, col0 + 0u, z, part);
put(c2_0, row0 + 2u, col0 + 0u, z, part);
put(c3_0, row0 + 3u, col0 + 0u, z, part);
}
