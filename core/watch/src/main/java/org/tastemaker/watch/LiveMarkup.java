package org.tastemaker.watch;

import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.page.HtmlPage;
import org.tastemaker.core.page.Markup;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.core.page.Parts;
import org.tastemaker.core.page.Plot;
import org.tastemaker.core.page.SvgPlot;

/** Writes a live page: one file, which loads nothing and asks the browser to read it again. */
final class LiveMarkup {
  static final int MOST_PLOTS = 12;
  static final int SIDE = 160; // of a picture, in pixels

  private static final int MOST_NUMBERS = 200;
  private static final int LONGEST_TEXT = 300;

  /** Shown first, in this order, as far as a run has them. */
  private static final List<String> MAIN =
      List.of(
          "evaluation.rewardMean",
          "rewardMean",
          "evaluation.heldOutScore",
          "heldOutScore",
          "klToReference",
          "klToReferenceEstimate",
          "loss",
          "approxKl",
          "diversity",
          "gradientNorm",
          "missingShare",
          "secondsSampling");

  private static final String ANCHOR = "<meta charset=\"utf-8\"/>";
  private static final String REFRESH = "<meta http-equiv=\"refresh\" content=\"5\"/>";
  private static final String STYLE =
      """
      .track { height: 0.6rem; max-width: 44rem; margin: 0.5rem 0 1rem; border-radius: 4px; background: var(--rule); }
      .track div { height: 100%; border-radius: 4px; background: var(--accent); }
      .live { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 1rem; }
      .live img { width: 100%; max-width: 8rem; }
      .live figcaption { margin-top: 0.3rem; overflow-wrap: anywhere; }
      """;

  private final LiveState state;
  private final Markup html = new Markup();
  private final Parts parts = new Parts(html);

  private LiveMarkup(LiveState state) {
    this.state = state;
  }

  /** The page. */
  static String of(LiveState state) {
    String page = new LiveMarkup(state).page();
    return state.phase() == LiveState.Phase.RUNNING ? page.replace(ANCHOR, ANCHOR + REFRESH) : page;
  }

  private String page() {
    HtmlPage.begin(html, String.format(Locale.ROOT, "%s%s", share(), state.title()), STYLE);
    html.element("h1", state.title());
    head();
    plots();
    pictures();
    notices();
    numbers();
    HtmlPage.end(html);
    return html.toString();
  }

  /** For the window's title, which is seen while another page is looked at. */
  private String share() {
    return state.total() == 0
        ? ""
        : String.format(Locale.ROOT, "%d/%d ", state.done(), state.total());
  }

  private void head() {
    html.open("p", "class", "summary");
    html.element("b", state.phase().word, "class", state.phase().style);
    String rounds =
        state.total() > 0
            ? String.format(Locale.ROOT, "%d of %d rounds are done", state.done(), state.total())
            : state.round() > 0
                ? "there are numbers up to round " + state.round()
                : "no round is done yet";
    html.text(": " + rounds + ".").close("p");
    if (state.total() > 0) {
      String width =
          String.format(Locale.ROOT, "width: %.1f%%", 100.0 * state.done() / state.total());
      html.open("div", "class", "track").element("div", "", "style", width).close("div");
    }
    if (!state.words().isEmpty()) {
      html.element("p", cut(state.words()));
    }
    state.left().forEach(words -> html.element("p", words));
    html.element(
            "p",
            "Written at "
                + state.now().truncatedTo(ChronoUnit.SECONDS)
                + (state.phase() == LiveState.Phase.RUNNING
                    ? "; this page reads itself again every 5 seconds. If that time does not"
                        + " change for longer than a round takes, the run was killed."
                    : "."),
            "class",
            "note")
        .newLine();
  }

  private void plots() {
    List<Plot> plots = new ArrayList<>();
    List<String> names = new ArrayList<>(MAIN);
    state.curves().keySet().stream().filter(name -> !MAIN.contains(name)).forEach(names::add);
    for (String name : names) {
      LiveCurve curve = state.curves().get(name);
      List<Plot.Point> points = curve == null ? List.of() : curve.points();
      if (!points.isEmpty() && !name.isBlank() && plots.size() < MOST_PLOTS) {
        plots.add(Plot.of(cut(name), "round", new Plot.Curve(cut(name), points)));
      }
    }
    if (plots.isEmpty()) {
      return;
    }
    boolean ranges =
        plots.stream()
            .flatMap(plot -> plot.curves().get(0).points().stream())
            .anyMatch(Plot.Point::hasInterval);
    parts.section(
        "Over the rounds",
        ranges ? "A point is the mean of several rounds; shaded: their range." : "");
    html.open("div", "class", "plots").newLine();
    for (int i = 0; i < plots.size(); i++) {
      html.open("figure", "class", "plot").open("figcaption");
      html.element("b", plots.get(i).title()).close("figcaption");
      SvgPlot.draw(html, plots.get(i), "plot" + (i + 1));
      html.close("figure").newLine();
    }
    html.close("div");
    parts.endSection();
  }

  private void pictures() {
    LiveState.Shown shown = state.pictures();
    if (shown.images().isEmpty()) {
      return;
    }
    parts.section("Newest images", "Of round " + shown.round() + ".");
    html.open("div", "class", "live").newLine();
    for (int i = 0; i < shown.images().size(); i++) {
      String caption = shown.captions().isEmpty() ? "" : cut(shown.captions().get(i));
      html.open("figure");
      parts.thumbnail(shown.images().get(i), SIDE, caption.isEmpty() ? "an image" : caption);
      html.element("figcaption", caption).close("figure").newLine();
    }
    html.close("div");
    parts.endSection();
  }

  private void notices() {
    if (state.notices().isEmpty()) {
      return;
    }
    parts.section("Notices", "");
    html.open("ul", "class", "caveats");
    for (RunEvent.Notice notice : state.notices()) {
      html.element("li", "Round " + notice.step() + ": " + cut(notice.message())).newLine();
    }
    html.close("ul");
    parts.endSection();
  }

  private void numbers() {
    if (state.latest().isEmpty()) {
      return;
    }
    parts.section("Newest numbers", "Up to round " + state.round() + ".");
    Map<String, String> rows = new LinkedHashMap<>();
    state.latest().entrySet().stream()
        .limit(MOST_NUMBERS)
        .forEach(
            entry ->
                rows.put(
                    cut(entry.getKey()),
                    Double.isFinite(entry.getValue())
                        ? Numbers.text(entry.getValue())
                        : entry.getValue().toString()));
    parts.facts(rows);
    parts.endSection();
  }

  private static String cut(String text) {
    return text.codePointCount(0, text.length()) <= LONGEST_TEXT
        ? text
        : text.substring(0, text.offsetByCodePoints(0, LONGEST_TEXT)) + "...";
  }
}
