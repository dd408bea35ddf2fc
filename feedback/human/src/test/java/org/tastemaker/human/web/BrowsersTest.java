package org.tastemaker.human.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.tastemaker.human.testing.Browser;

/** What the server sends is obeyed by real browsers. */
class BrowsersTest {
  private static final String HTML =
      """
      <!DOCTYPE html><html lang="en"><head><title>t</title><script src="/page.js"></script></head>
      <body><p id="who">nobody</p><p id="inline">untouched</p>
      <script>document.getElementById('inline').textContent = 'an inline script ran';</script>
      </body></html>
      """;

  private static final String SCRIPT =
      """
      window.onload = function () {
        const ask = new XMLHttpRequest();
        ask.onload = function () {
          document.getElementById('who').textContent = JSON.parse(ask.responseText).visitor;
        };
        ask.open('POST', '/api/me');
        ask.setRequestHeader('X-Tastemaker', '1');
        ask.setRequestHeader('Content-Type', 'application/json');
        ask.send('{}');
      };
      """;

  private final PageServer server =
      PageServer.builder(
              new Page() {
                @Override
                public Map<String, PageFile> files() {
                  return Map.of(
                      "/",
                      new PageFile(
                          "text/html; charset=utf-8", HTML.getBytes(StandardCharsets.UTF_8)),
                      "/page.js",
                      new PageFile("text/javascript", SCRIPT.getBytes(StandardCharsets.UTF_8)));
                }

                @Override
                public Reply answer(PageRequest request) {
                  return Reply.json(Map.of("visitor", request.visitor()));
                }
              })
          .open();

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void theScriptOfThePageMayAskInChromium() {
    try (Browser browser = Browser.chromium(800, 600, false)) {
      open(browser);
      assertThat(browser.driver().findElement(By.id("who")).getText()).isEqualTo("you");
    }
  }

  @Test
  void anInlineScriptDoesNotRunInChromium() {
    try (Browser browser = Browser.chromium(800, 600, false)) {
      open(browser);
      assertThat(browser.driver().findElement(By.id("inline")).getText()).isEqualTo("untouched");
    }
  }

  @Test
  void theScriptOfThePageMayAskInHtmlUnit() {
    try (Browser browser = Browser.inTheJvm()) {
      open(browser);
      assertThat(browser.driver().findElement(By.id("who")).getText()).isEqualTo("you");
    }
  }

  @Test
  void theCookieStaysWithThePage() {
    try (Browser browser = Browser.chromium(800, 600, false)) {
      open(browser);
      browser.driver().get("http://127.0.0.1:" + server.port() + "/");
      browser.waitFor("return document.getElementById('who').textContent !== 'nobody'");
      assertThat(browser.script("return document.cookie")).isEqualTo("");
    }
  }

  private void open(Browser browser) {
    browser.driver().get(server.address().toString());
    browser.waitFor("return document.getElementById('who').textContent !== 'nobody'");
  }
}
