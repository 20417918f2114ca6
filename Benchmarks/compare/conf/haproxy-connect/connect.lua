core.register_action("take_head", { "tcp-req" }, function(transaction)
  local request, head, stop = transaction.req, "", nil
  repeat
    -- Asking for one byte more than there is waits for it; nil means that it never comes.
    if #head > 8192 or not request:data(0, #head + 1) then transaction:done() return end
    head = request:data()
    stop = select(2, head:find("\r\n\r\n", 1, true))
  until stop
  local host, port = head:match("^CONNECT ([%d.]+):(%d+) HTTP/1%.1\r\n")
  if not host then transaction:done() return end
  request:remove(0, stop)
  transaction:set_var("sess.host", host)
  transaction:set_var("sess.port", tonumber(port))
end, 0)

core.register_action("answer", { "tcp-res" }, function(transaction)
  transaction.res:prepend("HTTP/1.1 200 Connection established\r\n\r\n")
end, 0)
