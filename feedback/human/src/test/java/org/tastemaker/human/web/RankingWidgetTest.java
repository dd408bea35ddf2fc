package org.tastemaker.human.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.htmlunit.HtmlUnitDriver;

/** The widget alone, in a browser within this process, with four images of which two are wanted. */
class RankingWidgetTest {
  private static final String HTML =
      """
      <!DOCTYPE html>
      <html lang="en"><head><title>Widget</title>
      <script src="/common.js" defer></script><script src="/ranking.js" defer></script>
      <script src="/test.js" defer></script></head>
      <body><label>Note <input id="note"></label><div id="host"></div><pre id="log"></pre></body></html>
      """;

  private static final String SCRIPT =
      """
      const log = document.getElementById('log');
      const ranking = TastemakerRanking.create(document.getElementById('host'), {
        onAnswer: answer => { log.textContent += JSON.stringify(
            {question: answer.question, kind: answer.kind, tiers: answer.tiers}); },
        onUndo: () => { log.textContent += 'undo'; }
      });
      const show = (question, images) =>
          ranking.show({question: question, best: 2, images: images, task: 'Choose the best 2 of 4'});
      show('1', ['/a.png', '/b.png', '/c.png', null]);
      """;

  private HttpServer server;
  private HtmlUnitDriver browser;

  @BeforeEach
  void open() throws IOException {
    Map<String, PageFile> files = new HashMap<>(FrontEnd.files());
    files.put("/", new PageFile("text/html; charset=utf-8", bytes(HTML)));
    files.put("/test.js", new PageFile("text/javascript; charset=utf-8", bytes(SCRIPT)));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> serve(files, exchange));
    server.start();
    browser = new HtmlUnitDriver(true);
    browser.get("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  @AfterEach
  void close() {
    browser.quit();
    server.stop(0);
  }

  @Test
  void clickedImagesGetTheNextPlaces() {
    image(3).click();
    image(1).click();

    assertThat(name(3)).isEqualTo("Image 3, place 1");
    assertThat(name(1)).isEqualTo("Image 1, place 2");
    assertThat(name(2)).isEqualTo("Image 2, no place");
    assertThat(image(3).getAttribute("aria-pressed")).isEqualTo("true");
  }

  @Test
  void anImageThatIsClickedTwiceLosesItsPlaceAndTheNextMovesUp() {
    image(3).click();
    image(1).click();
    image(3).click();

    assertThat(name(3)).isEqualTo("Image 3, no place");
    assertThat(name(1)).isEqualTo("Image 1, place 1");
  }

  @Test
  void keysAloneRankWithATieAndSend() {
    type("2", "1", "=", "3", Keys.ENTER);

    assertThat(log()).isEqualTo("{\"question\":\"1\",\"kind\":\"ranked\",\"tiers\":[[1],[0,2]]}");
    assertThat(name(3)).isEqualTo("Image 3, place 2, shared");
  }

  @Test
  void backspaceTakesTheLastOneAway() {
    type("2", "1");
    // HtmlUnit's own key for it has no name.
    browser.executeScript(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Backspace', bubbles: true}))");
    type(Keys.ENTER);

    assertThat(log()).contains("\"tiers\":[[1]]");
  }

  @Test
  void buttonsDoWhatTheKeysDo() {
    image(2).click();
    image(1).click();
    button("tie").click();
    image(3).click();
    button("back").click();
    button("send").click();

    assertThat(log()).contains("\"tiers\":[[1],[0]]");
  }

  @Test
  void noneSkipAndUndoHaveKeysAndButtons() {
    type("n");
    browser.executeScript("show('2', ['/a.png'])");
    button("skip").click();
    type("u");

    assertThat(log())
        .isEqualTo(
            "{\"question\":\"1\",\"kind\":\"none\",\"tiers\":[]}"
                + "{\"question\":\"2\",\"kind\":\"skip\",\"tiers\":[]}undo");
  }

  @Test
  void ofTwoImagesOneKeyOrClickAnswers() {
    String pair = "', images: ['/a.png', '/b.png'], quick: true})";
    browser.executeScript("ranking.show({question: 'p1" + pair);
    type("2");
    browser.executeScript("ranking.show({question: 'p2" + pair);
    // HtmlUnit's own key for it has no name.
    browser.executeScript(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft', bubbles: true}))");
    browser.executeScript("ranking.show({question: 'p3" + pair);
    type("=");
    browser.executeScript("ranking.show({question: 'p4" + pair);
    image(2).click();

    assertThat(log())
        .isEqualTo(
            "{\"question\":\"p1\",\"kind\":\"ranked\",\"tiers\":[[1],[0]]}"
                + "{\"question\":\"p2\",\"kind\":\"ranked\",\"tiers\":[[0],[1]]}"
                + "{\"question\":\"p3\",\"kind\":\"ranked\",\"tiers\":[[0,1]]}"
                + "{\"question\":\"p4\",\"kind\":\"ranked\",\"tiers\":[[1],[0]]}");
  }

  @Test
  void anOrderToBeginWithIsShownAndCanBeChanged() {
    browser.executeScript(
        "ranking.show({question: 'r', images: ['/a.png', '/b.png', '/c.png'], best: 3,"
            + " tiers: [[2], [0, 1]]})");

    assertThat(name(3)).isEqualTo("Image 3, place 1");
    assertThat(name(1)).isEqualTo("Image 1, place 2, shared");
    type("1", "1", Keys.ENTER);
    assertThat(log()).contains("\"tiers\":[[2],[1],[0]]");
  }

  @Test
  void aQuestionIsAnsweredOnce() {
    type("1", Keys.ENTER, Keys.ENTER, "n", "2");

    assertThat(log()).isEqualTo("{\"question\":\"1\",\"kind\":\"ranked\",\"tiers\":[[0]]}");
  }

  @Test
  void enterWithNothingChosenSendsNothing() {
    type(Keys.ENTER);

    assertThat(log()).isEmpty();
    assertThat(said()).isEqualTo("Nothing is chosen yet.");
  }

  @Test
  void anImageThatIsStillBeingMadeCannotBeChosen() {
    image(4).click();
    type("4");

    assertThat(name(4)).isEqualTo("Image 4, being made");
    assertThat(said()).isEqualTo("Image 4 is still being made.");
  }

  @Test
  void anImageThatArrivesKeepsWhatIsChosenAndTheFocus() {
    image(2).click();
    browser.executeScript("show('1', ['/a.png', '/b.png', '/c.png', '/d.png'])");

    assertThat(name(2)).isEqualTo("Image 2, place 1");
    assertThat(name(4)).isEqualTo("Image 4, no place");
    assertThat(focused()).isEqualTo(image(2));
  }

  @Test
  void theFocusStaysWhereItIsWhenTheNextQuestionArrives() {
    image(4).click();
    image(2).click();
    type(Keys.ENTER);
    browser.executeScript("show('2', ['/e.png', null, '/g.png'])");

    assertThat(focused()).isEqualTo(image(2));
    assertThat(name(1)).isEqualTo("Image 1, no place");
    assertThat(said()).isEqualTo("Choose the best 2 of 4");
  }

  @Test
  void theFocusMovesToTheLastImageIfItsOwnIsGone() {
    browser.executeScript("show('1', ['/a.png', '/b.png', '/c.png', '/d.png'])");
    image(4).click();
    browser.executeScript("show('2', ['/e.png', '/f.png'])");

    assertThat(focused()).isEqualTo(image(2));
  }

  @Test
  void enterOnAnImageChoosesTheFirstAndThenSends() {
    browser.executeScript("document.querySelectorAll('.candidate')[2].focus()");
    focused().sendKeys(Keys.ENTER);
    if (name(3).endsWith("no place")) {
      focused().click(); // this browser presses no button by Enter of its own accord
    }
    focused().sendKeys(Keys.ENTER);

    assertThat(log()).contains("\"tiers\":[[2]]");
  }

  @Test
  void keysInAFieldAreText() {
    browser.findElement(By.id("note")).sendKeys("1ns");

    assertThat(log()).isEmpty();
    assertThat(name(1)).isEqualTo("Image 1, no place");
  }

  @Test
  void singleKeysCanBeSwitchedOff() {
    button("keys-switch").click();
    type("1", "n");

    assertThat(log()).isEmpty();
    assertThat(name(1)).isEqualTo("Image 1, no place");
  }

  @Test
  void everyControlNamesItsKey() {
    assertThat(
            browser.findElements(By.cssSelector(".ranking-controls [aria-keyshortcuts]")).stream()
                .map(button -> button.getAttribute("aria-keyshortcuts"))
                .toList())
        .isEqualTo(List.of("Enter", "=", "Backspace", "N", "S", "U"));
  }

  @Test
  void anAnswerThatWasNotTakenCanBeGivenAgain() {
    type("1", Keys.ENTER);
    browser.executeScript("ranking.reopen('Please send it again.')");
    type(Keys.ENTER);

    assertThat(log()).contains("\"tiers\":[[0]]}{");
  }

  private WebElement image(int number) {
    return browser.findElements(By.cssSelector(".candidate")).get(number - 1);
  }

  private String name(int number) {
    return Objects.requireNonNull(image(number).getAttribute("aria-label"));
  }

  private WebElement button(String name) {
    return browser.findElement(By.cssSelector(".ranking-controls ." + name));
  }

  private WebElement focused() {
    return browser.switchTo().activeElement();
  }

  private void type(CharSequence... keys) {
    for (CharSequence key : keys) {
      focused().sendKeys(key);
    }
  }

  private String log() {
    return browser.findElement(By.id("log")).getText();
  }

  private String said() {
    return browser.findElement(By.cssSelector(".ranking-said")).getText();
  }

  private static void serve(Map<String, PageFile> files, HttpExchange exchange) throws IOException {
    PageFile file = files.get(exchange.getRequestURI().getPath());
    try (exchange) {
      if (file == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      exchange.getResponseHeaders().set("Content-Type", file.type());
      exchange.sendResponseHeaders(200, file.content().length);
      exchange.getResponseBody().write(file.content());
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
