package org.tastemaker.feedback.server;

/** The server rejects a request. */
final class BadRequest extends Exception {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;
  private final String param;

  BadRequest(int status, String code, String param, String message) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }

  static BadRequest because(String code, String param, String message) {
    return new BadRequest(400, code, param, message);
  }

  int status() {
    return status;
  }

  String code() {
    return code;
  }

  String param() {
    return param;
  }
}
