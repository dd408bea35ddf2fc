package org.tastemaker.human.review;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.tastemaker.core.Ranking;
import org.tastemaker.human.testing.Browser;
import org.tastemaker.human.web.PageServer;

/** The page in a browser, by a person with a keyboard or a mouse. */
class ReviewBrowserTest {
  @TempDir Path folder;
  private ReviewDesk desk;
  private PageServer server;

  @BeforeEach
  void open() {
    desk = Judged.desk(folder, Judged.dataset(folder, 3));
    server =
        PageServer.builder(new ReviewPage(desk, Judged.images(folder), Duration.ofMillis(50)))
            .visitors(List.of("ann", "bob"))
            .open();
  }

  @AfterEach
  void close() {
    server.close();
    desk.close();
  }

  private Path pictures() {
    return Path.of(System.getProperty("tastemaker.pictures", folder.toString()));
  }

  private static void type(Browser browser, CharSequence... keys) {
    for (CharSequence key : keys) {
      browser.driver().findElement(By.tagName("body")).sendKeys(key);
    }
  }

  private static String text(Browser browser, String id) {
    return browser.driver().findElement(By.id(id)).getText();
  }

  private void open(Browser browser) {
    browser.driver().get(server.address("ann").toString());
    browser.waitFor("return document.querySelectorAll('.candidate').length === 3");
  }

  private static void awaitOwn(Browser browser, int own) {
    browser.waitFor("return document.getElementById('own').textContent === '" + own + "'");
  }

  /** The number of an image of the group on the page, from 1. */
  private String number(int image) {
    return String.valueOf(Judged.look(desk, "ann").shown().indexOf(image) + 1);
  }

  @Test
  void byKeysAloneVerdictsAreConfirmedOverruledAndTakenBack() {
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      type(browser, "c");
      awaitOwn(browser, 1);
      type(browser, number(2), number(0), number(1)); // the judge's places are taken away
      type(browser, number(1), number(0), "=", number(2), Keys.ENTER);
      awaitOwn(browser, 2);
      assertThat(desk.reviews())
          .extracting(Review::kind)
          .containsExactly(Review.Kind.CONFIRMED, Review.Kind.OVERRULED);
      assertThat(desk.reviews().get(1).order())
          .contains(Ranking.ofTiers(3, List.of(List.of(1), List.of(0, 2))));
      type(browser, "u");
      awaitOwn(browser, 1);
      type(browser, "n");
      awaitOwn(browser, 2);
      type(browser, "s");
      browser.waitFor("return document.getElementById('prompt').textContent === 'All done'");
      type(browser, "u");
      awaitOwn(browser, 2);
      assertThat(desk.reviews())
          .extracting(Review::kind)
          .containsExactly(Review.Kind.CONFIRMED, Review.Kind.UNSURE);
    }
  }

  @Test
  void byMouseTheJudgesOrderIsShownAndConfirmedWithCriteria() {
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      assertThat(text(browser, "order"))
          .isEqualTo(
              "Best first: image %s, then image %s, then image %s."
                  .replaceFirst("%s", number(2))
                  .replaceFirst("%s", number(0))
                  .replaceFirst("%s", number(1)));
      browser.driver().findElement(By.id("criterion-0-wrong")).click();
      browser.driver().findElement(By.id("criterion-1-right")).click();
      browser.driver().findElement(By.id("confirm")).click();
      awaitOwn(browser, 1);
      assertThat(desk.reviews().get(0).criteria()).isEqualTo(Map.of("style", false, "text", true));
    }
  }

  @Test
  void promptsAndReasonsAreTextWhateverTheyLookLike() {
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      assertThat(text(browser, "prompt")).isEqualTo("prompt 0" + Judged.ATTACK);
      assertThat(text(browser, "rationale")).contains(Judged.ATTACK);
      assertThat(browser.driver().findElements(By.cssSelector("img[src='x']"))).isEmpty();
    }
  }

  @Test
  void aReloadInTheMiddleShowsTheSameVerdictAndLosesNoClick() {
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      type(browser, "c");
      browser.driver().navigate().refresh(); // perhaps before the answer has gone out
      awaitOwn(browser, 1);
      String prompt = text(browser, "prompt");
      type(browser, number(0));
      browser.driver().navigate().refresh();
      awaitOwn(browser, 1);
      assertThat(text(browser, "prompt")).isEqualTo(prompt);
      assertThat(desk.reviews()).hasSize(1);
    }
  }

  @Test
  void aSecondTabIsToldThatTheVerdictIsAnswered() {
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      ReviewDesk.Shown shown = Judged.look(desk, "ann");
      desk.say("ann", Judged.confirm("tab", shown.verdict().id())); // without the page's knowledge
      type(browser, "c");
      browser.waitFor(
          "return document.getElementById('trouble').textContent.indexOf('another tab') > 0");
      awaitOwn(browser, 1);
      type(browser, "c");
      awaitOwn(browser, 2);
    }
  }

  @Test
  void thePageHasNoBarriersInARealBrowser() {
    for (boolean dark : new boolean[] {false, true}) {
      try (Browser browser = Browser.chromium(dark ? 360 : 1280, dark ? 740 : 900, dark)) {
        open(browser);
        browser.picture(pictures().resolve(dark ? "review-phone-dark.png" : "review.png"));
        assertThat(browser.barriers()).isEmpty();
        assertThat(
                browser.script("return document.documentElement.scrollWidth <= window.innerWidth"))
            .isEqualTo(true);
      }
    }
  }
}
