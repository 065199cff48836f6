;;; recoder-eglot.el --- Recoder by way of eglot  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; eglot runs one server in a buffer: Recoder takes the place of the one there.

;;; Code:

(require 'eglot)
(require 'recoder)

(defclass recoder-eglot-server (eglot-lsp-server) ()
  "A server of Recoder.")

(add-to-list 'eglot-server-programs
             (cons (mapcar (pcase-lambda (`(,mode . ,language)) (list mode :language-id language)) recoder-modes)
                   (lambda (&rest _) (cons 'recoder-eglot-server (recoder-server)))))

(defun recoder-eglot--connection ()
  "Return the server of the current buffer, if it is one of Recoder."
  (let ((server (and (eglot-managed-p) (eglot-current-server))))
    (and server (object-of-class-p server 'recoder-eglot-server) server)))

(add-hook 'recoder-connection-functions #'recoder-eglot--connection)

(cl-defmethod recoder-request ((server recoder-eglot-server) method params done &optional failed)
  (when (eglot-managed-p)
    (eglot--signal-textDocument/didChange))
  (jsonrpc-async-request server (intern (concat ":" method)) params
                         :success-fn done
                         :error-fn (lambda (problem)
                                     (funcall (or failed #'recoder-say) (plist-get problem :message)))
                         ;; A model may take minutes; `recoder-stop' stops it.
                         :timeout nil))

(cl-defmethod recoder-notify ((server recoder-eglot-server) method params)
  (jsonrpc-notify server (intern (concat ":" method)) params))

(cl-defmethod recoder-position ((_server recoder-eglot-server) position)
  (eglot--pos-to-lsp-position position))

(cl-defmethod recoder-point ((_server recoder-eglot-server) position)
  (eglot--lsp-position-to-point position))

(cl-defmethod recoder-document ((_server recoder-eglot-server))
  (eglot--TextDocumentIdentifier))

(cl-defmethod recoder-root ((server recoder-eglot-server))
  (expand-file-name (project-root (eglot--project server))))

(cl-defmethod recoder-attach ((_server recoder-eglot-server))
  (unless (recoder-connection)
    (eglot--maybe-activate-editing-mode)))

(defun recoder-eglot--begin ()
  "Show suggestions in the current buffer, if Recoder serves it."
  (when (and recoder-ghost-text (recoder-eglot--connection) (not (derived-mode-p 'recoder-chat-mode)))
    (recoder-ghost-mode 1)))

(add-hook 'eglot-managed-mode-hook #'recoder-eglot--begin)

;;; What eglot would do otherwise

(cl-defmethod eglot-client-capabilities ((_server recoder-eglot-server))
  "Announce ghost text: then completion does not offer the same."
  (let ((capabilities (cl-call-next-method)))
    (when recoder-ghost-text
      (setf (plist-get (plist-get capabilities :textDocument) :inlineCompletion) '(:dynamicRegistration :json-false)))
    capabilities))

(cl-defmethod eglot-initialization-options ((_server recoder-eglot-server))
  "Settings that count from the beginning."
  (or recoder-settings (cl-call-next-method)))

(cl-defmethod eglot-handle-request ((_server recoder-eglot-server) (_method (eql workspace/configuration)) &key items &allow-other-keys)
  "Answer with `recoder-settings' where the project has no settings of its own."
  (cl-map 'vector (lambda (own _item) (or own recoder-settings))
          (cl-call-next-method) items))

(cl-defmethod eglot-handle-request :around ((_server recoder-eglot-server) (_method (eql workspace/applyEdit))
                                            &key edit &allow-other-keys)
  "Write answers into conversations without asking each second."
  (let* ((changes (append (plist-get edit :documentChanges) nil))
         (uris (mapcar (lambda (change) (plist-get (plist-get change :textDocument) :uri)) changes)))
    (if (and uris (cl-every (lambda (uri) (string-suffix-p ".recoder.md" uri)) uris))
        ;; Its name before eglot 1.16, and an alias since.
        (cl-progv '(eglot-confirm-server-initiated-edits) '(nil)
          (cl-call-next-method))
      (cl-call-next-method))))

(cl-defmethod eglot-execute ((server recoder-eglot-server) action)
  "Do not wait for what a model does: eglot gives up after ten seconds."
  (if (stringp (plist-get action :command))
      (recoder-send-command server (plist-get action :command) (plist-get action :arguments))
    (cl-call-next-method)))

(with-suppressed-warnings ((obsolete eglot-execute-command))
  (cl-defmethod eglot-execute-command ((server recoder-eglot-server) command arguments)
    "Do the same in eglot before 1.16."
    (recoder-send-command server (format "%s" command) arguments)))

(provide 'recoder-eglot)
;;; recoder-eglot.el ends here
