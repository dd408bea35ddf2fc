package org.tastemaker.feedback.openai;

import java.net.Authenticator;
import java.net.PasswordAuthentication;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.resilience.FakeTime;

/**
 * Asks a server one question, or for an image, in a process whose proxies and trusted certificates
 * are set by system properties, and prints what came of it and what the ledger says.
 */
final class TransportCalls {
  private TransportCalls() {}

  public static void main(String[] args) {
    String user = System.getProperty("test.proxyUser");
    if (user != null) {
      Authenticator.setDefault(
          new Authenticator() {
            @Override
            protected @Nullable PasswordAuthentication getPasswordAuthentication() {
              return getRequestorType() == RequestorType.PROXY
                      && getRequestingHost().equals(System.getProperty("http.proxyHost"))
                      && getRequestingPort() == Integer.getInteger("http.proxyPort")
                  ? new PasswordAuthentication(user, "pass".toCharArray())
                  : null;
            }
          });
    }
    try (OpenAiClient client = Fixtures.client(args[0], new FakeTime()).build()) {
      try {
        if (args[1].equals("image")) {
          new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("image-x"))
              .make(Prompt.of("a heart"));
        } else {
          new ChatGptJudge(client, Fixtures.options()).ask(Fixtures.pair());
        }
        System.out.println("answered");
      } catch (RuntimeException e) {
        System.out.println(e);
      }
      System.out.println("attempts " + client.counts().attempts());
      System.out.println("paid " + client.ledger().totals().usage().requests());
      System.out.println("unknown " + client.ledger().totals().unknown());
    }
    System.exit(0);
  }
}
