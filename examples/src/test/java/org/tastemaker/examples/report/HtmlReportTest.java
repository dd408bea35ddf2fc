package org.tastemaker.examples.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.core.page.Plot;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.examples.measure.Estimate;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class HtmlReportTest {
  private static final String NASTY =
      "<script>alert(\"1\")</script> & 'it' ]]> \u0000\uD800 \uD83D\uDE00";
  private static final Estimate NONE = new Estimate(Double.NaN, Double.NaN, Double.NaN, 0);

  /** Loads of a browser; a link is none, but a report has no links either. */
  private static final Set<String> LOADING =
      Set.of("src", "href", "srcset", "poster", "data", "action", "background", "xlink:href");

  @Test
  void isWellFormedXml() {
    Document page = parse(HtmlReport.render(full()));

    assertThat(page.getDocumentElement().getTagName()).isEqualTo("html");
    assertThat(page.getDocumentElement().getAttribute("lang")).isEqualTo("en");
    assertThat(text(page, "title").get(0)).isEqualTo("A report");
    assertThat(text(page, "h2"))
        .containsExactly(
            "Cost",
            "Measurements",
            "Over the run",
            "Before and after",
            "What the judge said",
            "What to know about this run",
            "What this does not show",
            "Configuration",
            "Provenance");
  }

  @Test
  void theOnePictureComesFirst() {
    AlignmentReport report =
        AlignmentReport.titled("A report", "What was done.").change(grey(5, 77)).build();

    Document page = parse(HtmlReport.render(report));

    Element header = elements(page, "header").get(0);
    assertThat(header.getElementsByTagName("*").item(1).getNodeName()).isEqualTo("figure");
    assertThat(decode((Element) header.getElementsByTagName("img").item(0))).isEqualTo(grey(5, 77));
  }

  @Test
  void whateverTextItIsGivenStaysText() {
    Document page = parse(HtmlReport.render(nasty()));

    assertThat(elements(page, "script")).isEmpty();
    // The two characters that XML does not have are replaced, everything else comes back.
    String back = NASTY.replace('\u0000', '\uFFFD').replace('\uD800', '\uFFFD');
    assertThat(text(page, "h1")).containsExactly(back);
    assertThat(text(page, "h3")).containsOnly("\u201c" + back + "\u201d").hasSize(3);
    assertThat(text(page, "blockquote")).containsExactly(back);
    assertThat(text(page, "li")).contains(back);
    assertThat(elements(page, "img")).allMatch(img -> img.getAttribute("alt").contains(back));
    assertThat(page.getDocumentElement().getTextContent())
        .contains("No judgement: " + back, "judge: " + back, back + "." + back);
  }

  @Test
  void loadsNothing() {
    String html = HtmlReport.render(full());

    for (Element element : elements(parse(html), "*")) {
      for (int i = 0; i < element.getAttributes().getLength(); i++) {
        String name = element.getAttributes().item(i).getNodeName();
        String value = element.getAttributes().item(i).getNodeValue();
        if (LOADING.contains(name)) {
          assertThat(value).startsWith("data:image/png;base64,");
        }
        if (!name.startsWith("xmlns")) {
          assertThat(value).doesNotContain("http://").doesNotContain("https://");
        }
      }
    }
    assertThat(elements(parse(html), "link")).isEmpty();
    assertThat(text(parse(html), "style").get(0)).doesNotContain("url(").doesNotContain("@import");
    assertThat(html).contains("default-src &#39;none&#39;; img-src data:");
  }

  @Test
  void everyImageIsInTheFile() {
    List<Image> expected = new ArrayList<>();
    full().pictures().forEach(p -> expected.addAll(List.of(p.before(), p.after())));
    full().judged().forEach(g -> expected.addAll(g.images()));

    List<Element> found = elements(parse(HtmlReport.render(full())), "img");

    // Written with 8 bits, and read the same way: grey levels of k / 255 come back as they were.
    assertThat(found.stream().map(HtmlReportTest::decode).toList()).isEqualTo(expected);
    assertThat(found).noneMatch(img -> img.getAttribute("alt").isBlank());
  }

  @Test
  void smallImagesStayCrispAndPhotographsDoNot() {
    AlignmentReport report =
        AlignmentReport.titled("A report", "")
            .pictures(List.of(new BeforeAfter("p", 1, grey(64, 1), grey(65, 2), "", "")))
            .build();

    assertThat(elements(parse(HtmlReport.render(report)), "img"))
        .extracting(img -> img.getAttribute("class"))
        .containsExactly("pixels", "photo");
  }

  @Test
  void picturesOfAPromptAreTogether() {
    AlignmentReport report =
        AlignmentReport.titled("A report", "")
            .pictures(List.of(pair("nurse", 1), pair("pilot", 1), pair("nurse", 2)))
            .build();

    Document page = parse(HtmlReport.render(report));

    assertThat(text(page, "h3")).containsExactly("\u201cnurse\u201d", "\u201cpilot\u201d");
    assertThat(elements(page, "img"))
        .extracting(img -> img.getAttribute("alt"))
        .containsExactly(
            "nurse, before, seed 1: rock",
            "nurse, after, seed 1: star",
            "nurse, before, seed 2: rock",
            "nurse, after, seed 2: star",
            "pilot, before, seed 1: rock",
            "pilot, after, seed 1: star");
  }

  @Test
  void aMissingJudgementIsShownAsMissingWithItsReason() {
    AlignmentReport report =
        AlignmentReport.titled("A report", "")
            .judged(
                List.of(
                    new JudgedGroup(
                        "nurse",
                        List.of(grey(8, 1), grey(8, 2)),
                        Ranking.none(2),
                        "",
                        "a judge",
                        "the budget is spent",
                        false)))
            .build();

    Document page = parse(HtmlReport.render(report));

    assertThat(text(page, "article").get(0))
        .contains("No judgement: the budget is spent")
        .doesNotContain("Best first")
        .doesNotContain("place");
    assertThat(elements(page, "img"))
        .extracting(img -> img.getAttribute("alt"))
        .containsExactly("nurse, image 1, not judged", "nurse, image 2, not judged");
  }

  @Test
  void placesTiesAndImagesWithoutAPlaceAreShown() {
    AlignmentReport report =
        AlignmentReport.titled("A report", "")
            .judged(
                List.of(
                    new JudgedGroup(
                        "nurse",
                        List.of(grey(8, 1), grey(8, 2), grey(8, 3), grey(8, 4)),
                        Ranking.ofTiers(4, List.of(List.of(1), List.of(0, 3))),
                        "B is a nurse.",
                        "a judge",
                        null,
                        true)))
            .build();

    Document page = parse(HtmlReport.render(report));

    assertThat(text(page, "article").get(0)).contains("Best first: B, A = D; not ranked: C");
    assertThat(text(page, "figcaption"))
        .containsExactly("A place 2, tied", "B place 1", "C not ranked", "D place 2, tied");
  }

  @Test
  void wordsAboutImagesInAnotherOrderComeWithAWarning() {
    JudgedGroup group =
        new JudgedGroup(
            "nurse",
            List.of(grey(8, 1), grey(8, 2)),
            Ranking.of(1, 0),
            "A wins.",
            "j",
            null,
            false);

    String html = HtmlReport.render(AlignmentReport.titled("t", "").judged(List.of(group)).build());

    assertThat(html).contains("did not see the images in this order alone");
  }

  @Test
  void numbersThatDoNotExistAreTheWordNone() {
    AlignmentReport report =
        AlignmentReport.titled("A report", "")
            .headline(new Headline("reward", Double.NaN, Double.NaN, NONE, 4))
            .measurements(
                List.of(
                    new Measurement(
                        "bias",
                        Measurement.Better.LOWER,
                        NONE,
                        new Estimate(0.5, Double.NaN, Double.NaN, 3),
                        NONE,
                        "")))
            .plot(
                Plot.of(
                    "KL",
                    "round",
                    Plot.Curve.of(
                        "KL", new double[] {0, 1}, new double[] {Double.NaN, Double.NaN})))
            .build();

    String html = HtmlReport.render(report);
    Document page = parse(html);

    assertThat(text(page, "p").toString())
        .contains("went from none to none", "interval of none", "4 pairs without a value left out")
        .contains("There is no interval, so this run does not show a change.");
    assertThat(text(page, "td"))
        .startsWith("nonenone0 images", "0.500none3 images", "nonenonenot known");
    assertThat(text(page, "desc")).containsExactly("KL: no values.");
    assertThat(page.getDocumentElement().getTextContent()).doesNotContain("NaN");
    assertThat(html).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @Test
  void theSummarySaysWhatTheIntervalSays() {
    assertThat(summary(0.1, 0.02, 0.2))
        .isEqualTo(
            "Done. The reward went from 0.500 to 0.600. The change is +0.100, with a 95\u00a0%"
                + " interval of [0.020, 0.200], over 12 pairs of the same prompts and seeds. The"
                + " interval excludes 0: it rose by more than chance explains.");
    assertThat(summary(0.1, -0.02, 0.2))
        .endsWith("The interval includes 0: this run does not show a change.");
    assertThat(summary(-0.1, -0.2, -0.02))
        .contains("The change is \u22120.100")
        .endsWith("The interval excludes 0: it fell by more than chance explains.");
  }

  @Test
  void withoutAHeadlineNoEffectIsClaimed() {
    assertThat(HtmlReport.render(AlignmentReport.titled("t", "Stopped early.").build()))
        .contains("Stopped early. Before and after were not both measured");
  }

  @Test
  void emptyPartsLeaveNoTrace() {
    Document page = parse(HtmlReport.render(AlignmentReport.titled("t", "s").build()));

    assertThat(elements(page, "section")).isEmpty();
    assertThat(elements(page, "h2")).isEmpty();
    assertThat(elements(page, "table")).isEmpty();
    assertThat(elements(page, "svg")).isEmpty();
    assertThat(elements(page, "img")).isEmpty();
  }

  @Test
  void theVerdictOfARowKnowsWhichWayIsGood() {
    assertThat(verdict(Measurement.Better.HIGHER, 0.1, 0.2)).isEqualTo("better");
    assertThat(verdict(Measurement.Better.HIGHER, -0.2, -0.1)).isEqualTo("worse");
    assertThat(verdict(Measurement.Better.LOWER, 0.1, 0.2)).isEqualTo("worse");
    assertThat(verdict(Measurement.Better.LOWER, -0.2, -0.1)).isEqualTo("better");
    assertThat(verdict(Measurement.Better.NEITHER, 0.1, 0.2)).isEqualTo("rose");
    assertThat(verdict(Measurement.Better.LOWER, 0, 0.2)).isEqualTo("no clear change");
    assertThat(verdict(Measurement.Better.LOWER, Double.NaN, Double.NaN)).isEqualTo("not known");
  }

  @Test
  void costIsCallsTokensAndMoney() {
    Cost cost = new Cost(new Usage(1200, 345678, 1000, 90), null);

    Document page = parse(HtmlReport.render(AlignmentReport.titled("t", "").cost(cost).build()));

    assertThat(text(page, "td")).containsExactly("1,200", "345,678", "1,000", "90", "not known");
  }

  @Test
  void noPaidCallsAreStatedInWords() {
    assertThat(HtmlReport.render(AlignmentReport.titled("t", "").cost(Cost.NONE).build()))
        .contains("No paid calls.");
  }

  @Test
  void settingsWithinSettingsGetLongNames() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("rounds", 10);
    config.put("lora", Map.of("rank", 4));
    config.put("prompts", List.of("a", "b"));

    Document page =
        parse(HtmlReport.render(AlignmentReport.titled("t", "").configuration(config).build()));

    assertThat(text(page, "tr")).containsExactly("rounds10", "lora.rank4", "prompts[a, b]");
  }

  @Test
  void writesAFileAndReplacesTheOldOne(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("report.html");

    HtmlReport.write(AlignmentReport.titled("old", "").build(), file);
    HtmlReport.write(full(), file);

    assertThat(Files.readString(file)).isEqualTo(HtmlReport.render(full()));
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aMissingFolderIsNamed(@TempDir Path folder) {
    Path file = folder.resolve("none").resolve("report.html");

    assertThatThrownBy(() -> HtmlReport.write(full(), file))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot write " + file);
  }

  @Test
  void aReportNeedsATitle() {
    assertThatThrownBy(() -> AlignmentReport.titled(" ", "").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a report needs a title, but it was blank");
  }

  private static String verdict(Measurement.Better better, double low, double high) {
    Estimate change = new Estimate((low + high) / 2, low, high, 8);
    return new Measurement("m", better, NONE, NONE, change, "").verdict();
  }

  private static String summary(double change, double low, double high) {
    AlignmentReport report =
        AlignmentReport.titled("t", "Done.")
            .headline(
                new Headline("reward", 0.5, 0.5 + change, new Estimate(change, low, high, 12), 0))
            .build();
    return elements(parse(HtmlReport.render(report)), "p").stream()
        .filter(p -> p.getAttribute("class").equals("summary"))
        .map(Element::getTextContent)
        .findFirst()
        .orElseThrow();
  }

  private static AlignmentReport full() {
    Estimate estimate = new Estimate(0.5, 0.4, 0.6, 64);
    Estimate none = new Estimate(0, -0.1, 0.1, 64);
    return AlignmentReport.titled("A report", "What was done.")
        .headline(new Headline("reward", 0.4, 0.5, new Estimate(0.1, 0.05, 0.15, 32), 0))
        .pictures(List.of(pair("nurse", 1), pair("pilot", 2)))
        .measurements(
            List.of(
                new Measurement(
                    "harm", Measurement.Better.LOWER, estimate, estimate, none, "a note")))
        .notices(List.of("Round 2: resumed with other settings."))
        .plot(
            new Plot(
                "Reward",
                "round",
                List.of(
                    Plot.Curve.of(
                        "held out",
                        new double[] {0, 1, 2, 3},
                        new double[] {0.1, 0.2, Double.NaN, 0.3},
                        new double[] {0.05, 0.15, Double.NaN, 0.25},
                        new double[] {0.15, 0.25, Double.NaN, 0.35}),
                    Plot.Curve.of("training", new double[] {1, 2}, new double[] {0.1, 0.2}))))
        .judged(
            List.of(
                new JudgedGroup(
                    "nurse",
                    List.of(grey(32, 3), grey(32, 4)),
                    Ranking.of(1, 0),
                    "B is better.",
                    "a judge",
                    null,
                    true)))
        .cost(Cost.NONE)
        .caveat("A small model.")
        .configuration(Map.of("rounds", 10))
        .provenance(
            new Provenance(
                Instant.EPOCH, Map.of("java", "17"), Map.of("run", 7L), Map.of("model", "abc")))
        .build();
  }

  private static AlignmentReport nasty() {
    Estimate estimate = new Estimate(0.5, 0.4, 0.6, 64);
    Estimate none = new Estimate(0, -0.1, 0.1, 64);
    List<Image> two = List.of(grey(8, 1), grey(8, 2));
    return AlignmentReport.titled(NASTY, NASTY)
        .headline(new Headline(NASTY, 0.4, 0.4, none, 1))
        .pictures(List.of(new BeforeAfter(NASTY, 1, two.get(0), two.get(1), NASTY, NASTY)))
        .measurements(
            List.of(
                new Measurement(NASTY, Measurement.Better.HIGHER, estimate, estimate, none, NASTY)))
        .notices(List.of(NASTY))
        .plot(Plot.of(NASTY, NASTY, Plot.Curve.of(NASTY, new double[] {1}, new double[] {1})))
        .judged(
            List.of(
                new JudgedGroup(NASTY, two, Ranking.of(0, 1), NASTY, NASTY, null, true),
                new JudgedGroup(NASTY, two, Ranking.none(2), "", NASTY, NASTY, false)))
        .cost(new Cost(Usage.NONE, NASTY))
        .caveat(NASTY)
        .configuration(Map.of(NASTY, Map.of(NASTY, NASTY)))
        .provenance(
            new Provenance(
                Instant.EPOCH, Map.of(NASTY, NASTY), Map.of(NASTY, 1L), Map.of(NASTY, NASTY)))
        .build();
  }

  private static BeforeAfter pair(String prompt, int seed) {
    return new BeforeAfter(prompt, seed, grey(32, 10), grey(32, 10 + seed), "rock", "star");
  }

  private static Image grey(int side, int level) {
    return Image.filled(side, side, level / 255f, level / 255f, level / 255f);
  }

  private static Image decode(Element img) {
    String data = img.getAttribute("src").substring("data:image/png;base64,".length());
    return Image.fromBytes(Base64.getDecoder().decode(data));
  }

  private static List<String> text(Document page, String tag) {
    return elements(page, tag).stream().map(Element::getTextContent).toList();
  }

  private static List<Element> elements(Document page, String tag) {
    NodeList nodes = page.getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  private static Document parse(String html) {
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8)));
    } catch (Exception e) {
      throw new AssertionError("not well-formed: " + e.getMessage(), e);
    }
  }
}
