/**
 * A small web server for pages on which people judge images.
 *
 * <pre>
 * PageServer   opened with a Page; prints no address, but knows it
 *   Gate         is a request from a page of this server, and from somebody it knows?
 *   Visitors     who may come in: a name and a token each, kept in a file over restarts
 *   Page         what is served: files of the jar, and answers to the page's scripts
 *     Changes      lets a request wait for news
 * </pre>
 *
 * <p>It listens on the loopback interface unless it is told another address. Whoever opens the page
 * needs the token in the address, which becomes a cookie that scripts cannot read. A request is
 * answered only if all of this holds; otherwise it gets a status of 4xx, a sentence, and nothing
 * else happens:
 *
 * <ul>
 *   <li>{@code Host} is an address of this server, so no name that somebody points at this machine
 *       will do;
 *   <li>{@code Origin} and {@code Sec-Fetch-Site}, where a browser sends them, are of this page;
 *       and what changes something carries a header that no other site can send;
 *   <li>the token is that of a visitor;
 *   <li>the path is one of the page's, and the body is JSON and not too long.
 * </ul>
 *
 * <p>Every reply forbids the browser to load, run or frame anything from elsewhere.
 */
@NullMarked
package org.tastemaker.human.web;

import org.jspecify.annotations.NullMarked;
