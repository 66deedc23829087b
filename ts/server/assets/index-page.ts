/** The page until the dashboard is there: what can be asked, as links. Without scripts, styles and requests. */
export const INDEX = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Homeostat</title>
</head>
<body>
<h1>Homeostat</h1>
<p>This server answers programs; where tokens are set, these links need one in an <code>authorization</code> header.</p>
<ul>
<li><a href="api/v1/state">Live state</a> of tuners, breakers and queues</li>
<li><a href="api/v1/tuners">Tuners</a>, with their changes and history</li>
<li><a href="api/v1/graph">Call graph</a> and <a href="api/v1/witnesses">cascades</a></li>
<li><a href="api/v1/operations">Operations</a>: who asked for what</li>
<li><a href="metrics">Metrics</a> (OpenMetrics) and <a href="health">health</a></li>
<li><a href="api/v1/openapi.json">The interface</a> (OpenAPI 3.1)</li>
</ul>
</body>
</html>
`
