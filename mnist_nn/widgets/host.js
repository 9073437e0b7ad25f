// Brings the figures of a published page to life. Each is a module that a notebook would run as a
// widget; here a model of a few lines takes the place of the kernel. Scripts are added as plain
// <script>, which also works for a page that is opened from a folder.
const livingFigures = (() => {
  const waiting = new Map(); // file → function that takes what the file brings
  const loaded = new Map(); // file → promise of it
  const folder = `${document.documentElement.dataset.content_root ?? ""}_static/figures/`;

  function load(file) {
    if (!loaded.has(file)) {
      loaded.set(
        file,
        new Promise((resolve, reject) => {
          waiting.set(file, resolve);
          const script = document.createElement("script");
          script.src = `${folder}${file}.js`;
          script.onerror = () => reject(new Error(`${script.src} cannot be loaded`));
          document.head.append(script);
        }),
      );
    }
    return loaded.get(file);
  }

  // What anywidget calls a model, without a kernel behind it
  function modelOf(state) {
    const listeners = new Map();
    const changed = new Set();
    return {
      get: (name) => state[name],
      set(name, value) {
        if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
        state[name] = value;
        changed.add(name);
      },
      save_changes() {
        const names = [...changed];
        changed.clear();
        for (const name of names) for (const f of listeners.get(`change:${name}`) ?? []) f();
      },
      on: (event, f) => listeners.set(event, [...(listeners.get(event) ?? []), f]),
      off: (event, f) =>
        listeners.set(event, (listeners.get(event) ?? []).filter((g) => g !== f)),
    };
  }

  async function mount(place) {
    try {
      const { figure, state, data } = place.dataset;
      const values = JSON.parse(state);
      if (data) values.data = await load(data);
      const { render } = await load(figure);
      const el = document.createElement("div");
      place.model = modelOf(values);
      await render({ model: place.model, el });
      place.replaceChildren(el);
      place.dataset.alive = "";
    } catch (error) {
      place.dataset.failed = ""; // the still picture shows
      throw error;
    }
  }

  // Figures come to life shortly before they are seen.
  document.addEventListener("DOMContentLoaded", () => {
    const seen = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          seen.unobserve(target);
          mount(target);
        }
      },
      { rootMargin: "600px" },
    );
    document.querySelectorAll(".living").forEach((place) => seen.observe(place));
  });

  return {
    define: (file, value) => waiting.get(file)(value),
    bytes(base64) {
      const text = atob(base64);
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return bytes;
    },
  };
})();
