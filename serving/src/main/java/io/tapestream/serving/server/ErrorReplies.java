package io.tapestream.serving.server;

import io.tapestream.serving.protocol.Reply;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * What Jetty itself refuses, such as a broken header, in the protocols' form. That a client asks in
 * a version of HTTP or a transfer coding that nobody knows is its error and not the server's, so
 * 501 and 505 are told as 400: a 5xx here always means that something is wrong on this side.
 */
final class ErrorReplies implements Request.Handler {
  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Object message = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
    int status = told(response.getStatus());
    Reply reply =
        Reply.error(status, message == null ? HttpStatus.getMessage(status) : message.toString());
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, reply.contentType());
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, reply.body().length);
    response.write(true, ByteBuffer.wrap(reply.body()), callback);
    return true;
  }

  private static int told(int status) {
    return switch (status) {
      case HttpStatus.NOT_IMPLEMENTED_501, HttpStatus.HTTP_VERSION_NOT_SUPPORTED_505 ->
          HttpStatus.BAD_REQUEST_400;
      default -> status;
    };
  }
}
