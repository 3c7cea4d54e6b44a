"use strict";
(() => {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  const plots = [...document.querySelectorAll("[data-figure]")].map((place) => ({
    place,
    figure: JSON.parse(document.getElementById(place.dataset.figure).textContent),
  }));

  function axis(own) {
    const line = value("--line");
    const title = { ...own.title, standoff: 12 };
    return { gridcolor: line, linecolor: line, zerolinecolor: line, automargin: true, ...own, title, fixedrange: true };
  }

  function themed(layout) {
    return {
      ...layout,
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      colorway: value("--series").split(",").map((colour) => colour.trim()),
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: value("--text") },
      hoverlabel: { bgcolor: value("--raised"), bordercolor: value("--line"), font: { color: value("--text") } },
      margin: { l: 8, r: 12, t: 8, b: 8 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: axis(layout.xaxis || {}),
      yaxis: axis(layout.yaxis || {}),
    };
  }

  function draw() {
    const config = { displayModeBar: false, responsive: true, plotlyServerURL: "" };
    for (const { place, figure } of plots) {
      Plotly.react(place, structuredClone(figure.data), themed(structuredClone(figure.layout)), config);
    }
  }

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
