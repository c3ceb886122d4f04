/* The browser's part of a demo: keys, full screen, the pointer on a picture, and a banner when the kernel is gone. */
(() => {
  const SECONDS = 3;
  const PATIENCE = 60; // seconds until a page that does not come up says so
  const demo = () => document.querySelector(".course-demo");
  const find = name => document.querySelector(`.course-demo .course-${name}`);
  const writing = element =>
    element.matches("textarea, select, [contenteditable=true]") ||
    (element.matches("input") && !["checkbox", "radio", "button"].includes(element.type));

  // Keys press the buttons that carry their class; full screen is the browser's own.
  const toggleFullScreen = () =>
    document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  document.addEventListener("click", event => {
    if (event.target.closest(".course-key-f")) toggleFullScreen();
  });
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || writing(event.target)) return;
    const button = /^[1-9rf]$/.test(event.key) && find(`key-${event.key}`);
    if (button) button.click();
    else if (event.key.startsWith("Arrow") && !event.target.closest(".widget-slider")) walk(event);
  });

  // Where the pointer is on a picture goes to the kernel through a hidden field, at most every 60 ms.
  const STEP = 0.02;
  let told = 0, later = 0;
  const fieldOf = box => box.querySelector(".course-place input");
  const tell = (box, place) => {
    clearTimeout(later);
    const wait = told + 60 - performance.now();
    if (wait > 0) { later = setTimeout(() => tell(box, place), wait); return; }
    told = performance.now();
    const field = fieldOf(box);
    field.value = place.map(number => number.toFixed(4)).join(" ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const point = event => {
    const image = event.target.closest && event.target.closest(".course-pointed img");
    if (!image) return;
    const box = image.closest(".course-pointed");
    if (box.matches(".course-dragged") && !(event.buttons & 1)) return;
    const frame = image.getBoundingClientRect();
    tell(box, [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height]);
  };
  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.addEventListener("dragstart", event => {
    if (event.target.closest && event.target.closest(".course-pointed")) event.preventDefault();
  });
  const walk = event => {
    const box = document.querySelector(".course-dragged");
    if (!box) return;
    event.preventDefault();
    const [right, down] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const [across, downwards] = fieldOf(box).value.split(" ").map(Number);
    tell(box, [across + STEP * right, downwards + STEP * down].map(number => Math.min(1, Math.max(0, number))));
  };

  // A page that listens asks for everything once more: what threads said before is lost.
  const greeting = setInterval(() => {
    const hello = find("hello");
    if (!hello) return;
    clearInterval(greeting);
    hello.click();
    for (const image of document.querySelectorAll(".course-demo img")) image.alt ||= "the demo's picture";
    demo().dataset.ready = "yes";
  }, 100);

  // A kernel that died or was ended for idleness, and a server that is gone, are told.
  const banner = () => document.getElementById("course-banner");
  const say = words => {
    banner().hidden = !words;
    banner().firstElementChild.textContent = words;
  };
  document.addEventListener("click", event => {
    if (event.target.closest("#course-banner button")) location.reload();
  });
  const slow = () => performance.now() > 1000 * PATIENCE && demo()?.dataset.ready !== "yes";
  setInterval(async () => {
    if (document.readyState === "loading") return; // the page is sent piece by piece while the notebook runs
    const config = document.getElementById("jupyter-config-data");
    const { kernelId, baseUrl } = config ? JSON.parse(config.textContent) : {};
    if (!kernelId) return;
    try {
      const answer = await (await fetch(`${baseUrl}alive/${kernelId}`, { cache: "no-store" })).json();
      if (!answer.alive) say("This demo has stopped, or nobody has used it for long.");
      else say(slow() ? "The demo takes long to come up. Wait for it, or start it again." : "");
    } catch {
      say("The server of the demos does not answer. Is it still running?");
    }
  }, SECONDS * 1000);
})();
