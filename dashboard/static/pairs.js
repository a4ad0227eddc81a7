/** Write a list of terms and what they are; what stands there already is not written again. */
export function showPairs(list, pairs) {
  while (list.children.length > pairs.length * 2) list.lastElementChild.remove();
  while (list.children.length < pairs.length * 2) {
    list.append(document.createElement("dt"), document.createElement("dd"));
  }
  pairs.flat().forEach((words, index) => {
    if (list.children[index].textContent !== words) list.children[index].textContent = words;
  });
}
