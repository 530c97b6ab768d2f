// Select words of a paper to comment on them. Without this script each paragraph has its link.
const tools = document.getElementById("passage-tools");
const AROUND = 64;
// What the plain text of a version leaves out, and what is ours between the paragraphs.
const SKIPPED = "sup.footnote-ref, a.footnote-backref";
const BREAKS = "p, li, tr, pre, blockquote, ul, ol, h2, h3, h4, h5, h6, td, th, br";

// The words of a range within one paragraph's text, with spaces where blocks, lines and cells end.
function wordsOf(range) {
  const box = document.createElement("div");
  box.append(range.cloneContents());
  for (const skipped of box.querySelectorAll(SKIPPED)) skipped.remove();
  for (const block of box.querySelectorAll(BREAKS)) block.append(" ");
  return box.textContent.replace(/\s+/g, " ");
}

// The words of a range over several paragraphs, without their numbers, tools and comments.
function words(range) {
  const parts = [];
  for (const text of document.querySelectorAll(".paper-text .para-text")) {
    if (!range.intersectsNode(text)) continue;
    const part = document.createRange();
    part.selectNodeContents(text);
    if (part.compareBoundaryPoints(Range.START_TO_START, range) < 0) {
      part.setStart(range.startContainer, range.startOffset);
    }
    if (part.compareBoundaryPoints(Range.END_TO_END, range) > 0) {
      part.setEnd(range.endContainer, range.endOffset);
    }
    parts.push(wordsOf(part));
  }
  return parts.join(" ");
}

function between(startNode, startOffset, endNode, endOffset) {
  const range = document.createRange();
  range.setStart(startNode, startOffset);
  range.setEnd(endNode, endOffset);
  return words(range);
}

function paragraphOf(node) {
  const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  return element?.closest(".paper-text .para") ?? null;
}

// The form stands in the page after the paragraph that the selection ends in: the next stop of the Tab key.
function offer() {
  const selection = document.getSelection();
  if (tools.contains(document.activeElement)) return;
  if (!selection || selection.isCollapsed || selection.rangeCount !== 1) {
    tools.hidden = true;
    return;
  }
  const range = selection.getRangeAt(0);
  const first = paragraphOf(range.startContainer);
  const last = paragraphOf(range.endContainer) ?? first;
  const exact = first ? words(range).trim() : "";
  if (!exact) {
    tools.hidden = true;
    return;
  }
  const text = document.querySelector(".paper-text");
  tools.elements.exact.value = exact;
  tools.elements.prefix.value = between(text, 0, range.startContainer, range.startOffset).slice(-AROUND);
  tools.elements.suffix.value = between(
    range.endContainer, range.endOffset, text, text.childNodes.length,
  ).slice(0, AROUND);
  if (tools.previousElementSibling !== last) last.after(tools);
  tools.hidden = false;
}

if (tools) {
  let waiting = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(offer, 150);
  });
}
