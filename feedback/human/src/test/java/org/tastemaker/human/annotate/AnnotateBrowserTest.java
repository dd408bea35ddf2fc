package org.tastemaker.human.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.testing.Browser;
import org.tastemaker.human.web.PageServer;

/** The page in a browser, by a person with a keyboard or a mouse. */
class AnnotateBrowserTest {
  @TempDir Path folder;
  private final List<CompletableFuture<List<DeskAnswer>>> asked = new ArrayList<>();
  private Desk desk;
  private AnnotatePage page;
  private PageServer server;

  @BeforeEach
  void open() {
    desk =
        Asked.desk(
            folder,
            new Desk.Options(1, Duration.ofMinutes(10), Duration.ofMinutes(5), 0, Seed.of(1)));
    page = new AnnotatePage(desk, List.of("ann"), Duration.ofMillis(50));
    server = PageServer.builder(page).visitors(List.of("ann", "bob")).open();
  }

  @AfterEach
  void close() {
    server.close();
    desk.close();
  }

  private void ask(int count, int size) throws InterruptedException {
    for (ImageGroup group : Asked.groups(count, size)) {
      asked.add(Asked.ask(desk, group));
    }
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
    browser.waitFor("return document.querySelectorAll('.candidate').length > 1");
  }

  private static void awaitOwn(Browser browser, int own) {
    browser.waitFor("return document.getElementById('own').textContent === '" + own + "'");
  }

  private String number(int image) {
    return String.valueOf(
        desk.standing("ann").shown().orElseThrow().assignment().shown().indexOf(image) + 1);
  }

  @Test
  void pairsAreJudgedByOneKeyEachWithTiesAndUndo() throws InterruptedException {
    ask(3, 2);
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      type(browser, number(1));
      awaitOwn(browser, 1);
      type(browser, "u");
      awaitOwn(browser, 0);
      assertThat(text(browser, "prompt")).isEqualTo("prompt 0" + Asked.ATTACK);
      type(browser, number(0));
      awaitOwn(browser, 1);
      type(browser, "=");
      awaitOwn(browser, 2);
      assertThat(asked.get(0).join().get(0).order()).contains(Ranking.of(0, 1));
      type(browser, "s");
      awaitOwn(browser, 3);
      assertThat(asked.get(1).join().get(0).order()).contains(Ranking.ofScores(0, 0));
      assertThat(text(browser, "prompt")).isEqualTo("Waiting for more questions");
      page.finish();
      browser.waitFor("return document.getElementById('prompt').textContent === 'All done'");
    }
  }

  @Test
  void groupsAreRankedByMouseAndByKeys() throws InterruptedException {
    ask(2, 4);
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      for (int image : new int[] {3, 1, 0, 2}) {
        String place = number(image);
        browser
            .driver()
            .findElements(By.cssSelector(".candidate"))
            .get(Integer.parseInt(place) - 1)
            .click();
      }
      browser.driver().findElement(By.cssSelector(".send")).click();
      awaitOwn(browser, 1);
      type(browser, number(2), "=", number(0), number(1), Keys.ENTER);
      awaitOwn(browser, 2);
      assertThat(asked.get(0).join().get(0).order()).contains(Ranking.of(3, 1, 0, 2));
      desk.stop();
      assertThat(asked.get(1).join().get(0).order())
          .contains(Ranking.ofTiers(4, List.of(List.of(0, 2), List.of(1), List.of(3))));
    }
  }

  @Test
  void aReloadInTheMiddleLosesNoClickAndShowsTheSameQuestion() throws InterruptedException {
    ask(3, 2);
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      type(browser, number(1));
      browser.driver().navigate().refresh(); // perhaps before the answer has gone out
      awaitOwn(browser, 1);
      String prompt = text(browser, "prompt");
      browser.driver().navigate().refresh();
      awaitOwn(browser, 1);
      assertThat(text(browser, "prompt")).isEqualTo(prompt);
    }
  }

  @Test
  void promptsAreTextWhateverTheyLookLike() throws InterruptedException {
    ask(1, 2);
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      assertThat(text(browser, "prompt")).isEqualTo("prompt 0" + Asked.ATTACK);
      assertThat(browser.driver().findElements(By.cssSelector("img[src='x']"))).isEmpty();
    }
  }

  @Test
  void thePagesHaveNoBarriersInARealBrowser() throws InterruptedException {
    ask(3, 2);
    Path pictures = Path.of(System.getProperty("tastemaker.pictures", folder.toString()));
    for (boolean dark : new boolean[] {false, true}) {
      try (Browser browser = Browser.chromium(dark ? 360 : 1280, dark ? 740 : 900, dark)) {
        open(browser);
        String end = dark ? "-phone-dark.png" : ".png";
        browser.picture(pictures.resolve("annotate" + end));
        assertThat(browser.barriers()).isEmpty();
        assertThat(
                browser.script("return document.documentElement.scrollWidth <= window.innerWidth"))
            .isEqualTo(true);
        type(browser, "1");
        awaitOwn(browser, dark ? 2 : 1);
        browser.driver().findElement(By.linkText("Everybody’s figures")).click();
        browser.waitFor("return document.querySelectorAll('#people tr').length > 0");
        browser.picture(pictures.resolve("overview" + end));
        assertThat(browser.barriers()).isEmpty();
        assertThat(
                browser.script("return document.documentElement.scrollWidth <= window.innerWidth"))
            .isEqualTo(true);
      }
    }
  }
}
