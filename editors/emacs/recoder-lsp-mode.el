;;; recoder-lsp-mode.el --- Recoder by way of lsp-mode  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; lsp-mode runs several servers in a buffer: Recoder runs beside the others.

;;; Code:

(require 'lsp-mode)
(require 'recoder)

(defvar lsp-inline-completion-mode)
(declare-function lsp-inline-completion-mode "ext:lsp-inline-completion" (&optional argument))

(defun recoder-lsp-mode--connection ()
  "Return Recoder's workspace of the current buffer, or nil."
  (cl-find-if (lambda (each)
                (and (eq 'recoder (lsp--client-server-id (lsp--workspace-client each)))
                     (eq 'initialized (lsp--workspace-status each))))
              (lsp-workspaces)))

(add-hook 'recoder-connection-functions #'recoder-lsp-mode--connection)

(defun recoder-lsp-mode--plist (value)
  "Return VALUE with plists in the place of hash tables."
  (cond ((hash-table-p value)
         (let (plist)
           (maphash (lambda (key each)
                      (setq plist (cons (intern (concat ":" key)) (cons (recoder-lsp-mode--plist each) plist))))
                    value)
           plist))
        ((vectorp value) (cl-map 'vector #'recoder-lsp-mode--plist value))
        (t value)))

(cl-defmethod recoder-request ((workspace lsp--workspace) method params done &optional failed)
  (with-lsp-workspace workspace
    (lsp-request-async method params
                       (lambda (answer) (funcall done (recoder-lsp-mode--plist answer)))
                       :mode 'detached
                       :error-handler (lambda (problem)
                                        (funcall (or failed #'recoder-say)
                                                 (plist-get (recoder-lsp-mode--plist problem) :message))))))

(cl-defmethod recoder-notify ((workspace lsp--workspace) method params)
  (with-lsp-workspace workspace
    (lsp-notify method params)))

(cl-defmethod recoder-position ((_workspace lsp--workspace) position)
  (let ((place (recoder-lsp-mode--plist (lsp--point-to-position position))))
    (list :line (plist-get place :line) :character (plist-get place :character))))

(cl-defmethod recoder-point ((_workspace lsp--workspace) position)
  (lsp--line-character-to-point (plist-get position :line) (plist-get position :character)))

(cl-defmethod recoder-document ((_workspace lsp--workspace))
  (list :uri (lsp--buffer-uri)))

(cl-defmethod recoder-root ((workspace lsp--workspace))
  (lsp--workspace-root workspace))

(cl-defmethod recoder-attach ((_workspace lsp--workspace))
  (unless (recoder-connection)
    ;; A conversation is written to the disk when the user saves it.
    (setq-local lsp-auto-touch-files nil)
    (lsp)))

(defun recoder-lsp-mode--begin ()
  "Show suggestions in the current buffer, in the place of lsp-mode."
  (when recoder-ghost-text
    (when (bound-and-true-p lsp-inline-completion-mode)
      (lsp-inline-completion-mode -1))
    (unless (derived-mode-p 'recoder-chat-mode)
      (recoder-ghost-mode 1))))

(defun recoder-lsp-mode--execute (action)
  "Do what ACTION asks for, without waiting: lsp-mode gives up after ten seconds."
  (let ((command (recoder-lsp-mode--plist action)))
    (recoder-send-command (recoder-lsp-mode--connection) (plist-get command :command) (plist-get command :arguments))))

(dolist (each recoder-modes)
  (add-to-list 'lsp-language-id-configuration each t))

(lsp-register-client
 (make-lsp-client
  :new-connection (lsp-stdio-connection #'recoder-server (lambda () (ignore-errors (recoder-server))))
  :activation-fn (lambda (_file mode) (assq mode recoder-modes))
  :initialization-options (lambda () recoder-settings)
  :server-id 'recoder
  :add-on? t
  :priority -1
  :action-handlers (let ((handlers (make-hash-table :test 'equal)))
                     (dolist (name '("edit" "refactor" "simplify" "types" "fix" "docs" "tests" "rename" "explain" "chat.buffer") handlers)
                       (puthash (concat "recoder." name) #'recoder-lsp-mode--execute handlers)))
  :request-handlers (let ((handlers (make-hash-table :test 'equal)))
                      (puthash "workspace/configuration"
                               (lambda (_workspace _params) (vector recoder-settings))
                               handlers)
                      handlers)
  :after-open-fn #'recoder-lsp-mode--begin))

(provide 'recoder-lsp-mode)
;;; recoder-lsp-mode.el ends here
