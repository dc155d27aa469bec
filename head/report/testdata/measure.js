// Measures pages in frames and pictures beside them, and leaves what is wrong
// with them as lines of text: what is cut, and what lies over something else.
const wrong = [];
const arial = 756;
const tolerance = 1.5; // pixels: boxes of glyphs are a little larger than glyphs

function texts(root) {
  const found = [];
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("style, title, script")) continue;
    if (parent.closest("svg")) {
      const svg = parent.closest("svg");
      found.push({ text: node.data.trim(), box: parent.getBoundingClientRect(), frame: svg.getBoundingClientRect() });
      continue;
    }
    const range = root.ownerDocument.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) found.push({ text: node.data.trim(), box });
  }
  return found.filter((f) => f.box.width > 0 && f.box.height > 0);
}

function judge(name, root, width) {
  const all = texts(root);
  if (all.length < 5) wrong.push(`${name}: only ${all.length} texts were seen`);
  for (const { text, box, frame } of all) {
    const left = frame ? frame.left : 0, right = frame ? frame.right : width;
    const cut = box.left < left - tolerance || box.right > right + tolerance;
    if (cut || (frame && (box.top < frame.top - tolerance || box.bottom > frame.bottom + tolerance)))
      wrong.push(`${name}: "${text}" is cut`);
  }
  all.sort((a, b) => a.box.top - b.box.top);
  for (let i = 0; i < all.length; i++) {
    const a = all[i].box;
    for (let k = i + 1; k < all.length && all[k].box.top < a.bottom - tolerance; k++) {
      const b = all[k].box;
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > tolerance && y > 2 * tolerance) wrong.push(`${name}: "${all[i].text}" and "${all[k].text}" overlap`);
    }
  }
}

// Widths of letters are those of Arial, or nothing here means anything.
function checkFont() {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "100px Liberation Sans, Arial, Helvetica";
  const width = pen.measureText("Hamburgefonstiv").width;
  if (Math.abs(width - arial) > 5) wrong.push(`no font of Arial's widths, install Liberation Sans: ${width} pixels, want ${arial}`);
}

addEventListener("load", () => {
  checkFont();
  for (const frame of document.querySelectorAll("iframe")) {
    const doc = frame.contentDocument, width = frame.clientWidth;
    if (doc.documentElement.scrollWidth > width) wrong.push(`${frame.title}: ${doc.documentElement.scrollWidth} pixels wide`);
    for (const e of doc.querySelectorAll(".cxrkit-report *:not(svg *, .axis)")) // numbers at an axis' ends stand half beyond it
      if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && doc.defaultView.getComputedStyle(e).display !== "inline")
        wrong.push(`${frame.title}: ${e.tagName} "${e.textContent.trim().slice(0, 40)}" is wider than its place`);
    judge(frame.title, doc.body, width);
  }
  for (const figure of document.querySelectorAll("figure")) judge(figure.title, figure, Infinity);
  const out = document.createElement("pre");
  out.id = "wrong";
  out.textContent = ["measured", ...wrong].join("\n");
  document.body.replaceChildren(out);
});
