import { SCRIPT } from './script.js'
import { STYLE } from './style.js'

/** The whole page: nothing is loaded from anywhere else. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Homeostat: a service that tunes itself</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>
  <h1>Homeostat</h1>
  <p id="state" role="status">connecting …</p>
</header>
<main>
  <section class="figures" aria-label="Means so far">
    <div><h2>static</h2><p class="number fixed" id="fixed">–</p><p class="unit">mean cost per second</p></div>
    <div><h2>tuned</h2><p class="number tuned" id="tuned">–</p><p class="unit">mean cost per second</p></div>
    <div><h2>change</h2><p class="number" id="gain">–</p><p class="unit">lower is better</p></div>
  </section>
  <section>
    <h2>Cost per second <span class="key"><i class="fixed"></i>static <i class="tuned"></i>tuned</span></h2>
    <figure id="cost"></figure>
  </section>
  <section>
    <h2>Cache TTL <span class="key"><i class="fixed dashed"></i>static <i class="tuned"></i>tuned</span> <b id="ttl-now"></b></h2>
    <figure id="ttl"></figure>
  </section>
  <section>
    <h2>Batch linger <span class="key"><i class="fixed dashed"></i>static <i class="tuned"></i>tuned</span> <b id="linger-now"></b></h2>
    <figure id="linger"></figure>
  </section>
  <section>
    <h2>By phase</h2>
    <div class="scroll"><table id="phases"><thead><tr><th>phase</th><th>static</th><th>tuned</th><th>change</th></tr></thead><tbody></tbody></table></div>
  </section>
  <section>
    <h2>Changes <span class="key" id="count"></span></h2>
    <ol id="changes"><li class="quiet">none yet</li></ol>
  </section>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`
