/** Sorts, filters and turns the pages of the table of trials. */
export const TABLE = String.raw`
let page = 0, column = 3, falling = D.direction === 'maximize'
const grid = document.querySelector('#trials table')

function cellOf(row, place) {
  if (place === 2) return outcome(row)
  if (place === 6) return row[6] < 0 ? '' : D.reasons[row[6]]
  return place < 7 ? words(row[place]) : setting(row, place - 7)
}
/** Numbers by size, texts by alphabet after them, what is missing always last. */
function inOrder(a, b) {
  const key = (row) => column === 6 || column === 2 ? cellOf(row, column) : row[column]
  const [x, y] = [key(a), key(b)]
  const none = (v) => v === null || v === '' ? 2 : typeof v === 'string' ? 1 : 0
  if (none(x) !== none(y)) return none(x) - none(y)
  // Trials that break a constraint come after those that do not: the first row is the best.
  if (column === 3 && a[2] !== b[2]) return a[2] - b[2]
  const way = typeof x === 'string' ? x.localeCompare(y) : x - y
  return (falling ? -way : way) || a[0] - b[0]
}

function turnTo(to) {
  if (!grid) return
  const size = +grid.dataset.rows, chosen = $('outcome') ? $('outcome').value : ''
  const list = D.rows.filter((row) => (!picked || picked.has(row[0])) && (!chosen || D.outcomes[row[2]] === chosen)).sort(inOrder)
  const pages = Math.max(1, Math.ceil(list.length / size))
  page = Math.max(0, Math.min(pages - 1, to))
  const columns = [...grid.querySelectorAll('th button')].map((button) => +button.dataset.c)
  grid.tBodies[0].replaceChildren(...list.slice(page * size, (page + 1) * size).map((row) => {
    const line = node('tr')
    line.dataset.i = row[0]
    if (row[0] === D.best) line.className = 'top'
    line.append(...columns.map((place) => node('td', cellOf(row, place))))
    return line
  }))
  for (const button of grid.querySelectorAll('th button')) {
    const head = button.parentNode
    if (+button.dataset.c === column) head.setAttribute('aria-sort', falling ? 'descending' : 'ascending')
    else head.removeAttribute('aria-sort')
  }
  $('pages').textContent = 'page ' + (page + 1) + ' of ' + pages
  $('shown').textContent = list.length + (list.length === 1 ? ' trial' : ' trials')
  $('before').disabled = page === 0
  $('after').disabled = page === pages - 1
}

if (grid) {
  document.querySelector('.tools').hidden = false
  for (const button of grid.querySelectorAll('th button')) {
    button.addEventListener('click', () => {
      const place = +button.dataset.c
      falling = place === column ? !falling : false
      column = place
      turnTo(0)
    })
  }
  $('before').addEventListener('click', () => turnTo(page - 1))
  $('after').addEventListener('click', () => turnTo(page + 1))
  if ($('outcome')) $('outcome').addEventListener('change', () => turnTo(0))
  grid.tBodies[0].addEventListener('pointerover', (event) => {
    const line = event.target.closest('tr')
    if (line) point(+line.dataset.i)
  })
  grid.tBodies[0].addEventListener('pointerleave', () => point(-1))
  turnTo(0)
}
`
